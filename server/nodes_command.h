#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/config.h"

namespace CLI {
class App;
}

namespace server {

/// What a command leaves to be printed, and the program's exit code.
struct CommandOutput {
    std::string out;
    std::string err;
    int exit_code = 0;
};

/// The command line `event-sidecar nodes …`, which shows and steers the node connections of a running sidecar
/// through its control socket.
class NodesCommand {
  public:
    /// Adds the command to the program's command line, which fills this object when it is parsed; the program
    /// has the option --path-to-config itself.
    explicit NodesCommand(CLI::App& program);
    NodesCommand(const NodesCommand&) = delete;
    NodesCommand& operator=(const NodesCommand&) = delete;

    /// Whether the command line asks for it.
    [[nodiscard]] bool chosen() const;

    /// Whether the command line has an option that nothing but this command takes.
    [[nodiscard]] bool has_options() const { return !control_socket_.empty(); }

    /// The request for the running sidecar, as the command line has it.
    [[nodiscard]] nlohmann::ordered_json request() const;

    /// Finds the socket, asks the sidecar there, and words the answer. `config_file` may be empty when the
    /// command line names the socket. Blocks for some seconds at most.
    [[nodiscard]] CommandOutput run(const std::string& config_file, const Environment& environment) const;

  private:
    void declare(CLI::App& program);
    void declare_add();
    [[nodiscard]] std::string command() const;
    [[nodiscard]] std::string configuration() const;
    [[nodiscard]] base::Result<std::filesystem::path> socket_path(const std::string& config_file,
                                                                  const Environment& environment) const;
    [[nodiscard]] std::string describe_answer(const nlohmann::ordered_json& answer) const;

    CLI::App* nodes_ = nullptr;
    std::string control_socket_;
    bool json_ = false;
    std::string node_;
    std::uint32_t limit_ = 0;

    // Of the node that is to be added.
    std::string name_;
    std::string ip_address_;
    std::int64_t sse_port_ = 0;
    std::int64_t rest_port_ = 0;
    std::vector<std::string> settings_;
};

}  // namespace server
