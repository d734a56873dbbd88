#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "server/config.h"
#include "server/running_sidecar.h"

namespace CLI {
class App;
}

namespace server {

/// The command line `event-sidecar nodes …`, which shows and steers the node connections of a running sidecar
/// through its control socket.
class NodesCommand {
  public:
    /// Adds the command to the program's command line, which fills this object when it is parsed; the program
    /// has the option --path-to-config itself. The sidecar must outlive this object.
    NodesCommand(CLI::App& program, const RunningSidecar& sidecar);
    NodesCommand(const NodesCommand&) = delete;
    NodesCommand& operator=(const NodesCommand&) = delete;

    /// Whether the command line asks for it.
    [[nodiscard]] bool chosen() const;

    /// The request for the running sidecar, as the command line has it.
    [[nodiscard]] nlohmann::ordered_json request() const;

    /// Asks the sidecar, as RunningSidecar does, and words the answer.
    [[nodiscard]] CommandOutput run(const std::string& config_file, const Environment& environment) const;

  private:
    void declare(CLI::App& program);
    void declare_add();
    [[nodiscard]] std::string command() const;
    [[nodiscard]] std::string configuration() const;
    [[nodiscard]] std::string describe_answer(const nlohmann::ordered_json& answer) const;

    const RunningSidecar& sidecar_;
    CLI::App* nodes_ = nullptr;
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
