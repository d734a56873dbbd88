#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

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

/// Why a command failed, line by line.
[[nodiscard]] CommandOutput failed(std::string_view why);

/// The running sidecar that a command line means, by its configuration file or its control socket.
class RunningSidecar {
  public:
    /// Adds the option --control-socket to the program's command line, which fills this object when it is
    /// parsed; the program has the option --path-to-config itself.
    explicit RunningSidecar(CLI::App& program);
    RunningSidecar(const RunningSidecar&) = delete;
    RunningSidecar& operator=(const RunningSidecar&) = delete;

    /// Whether the command line names the socket.
    [[nodiscard]] bool is_named() const { return !control_socket_.empty(); }

    /// Finds the socket and asks the sidecar there. `config_file` may be empty when the command line names
    /// the socket. Blocks for some seconds at most.
    [[nodiscard]] base::Result<nlohmann::ordered_json> ask(const nlohmann::ordered_json& request,
                                                           const std::string& config_file,
                                                           const Environment& environment) const;

  private:
    [[nodiscard]] base::Result<std::filesystem::path> socket_path(const std::string& config_file,
                                                                  const Environment& environment) const;

    std::string control_socket_;
};

}  // namespace server
