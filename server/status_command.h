#pragma once

#include <string>

#include "server/running_sidecar.h"

namespace server {

/// The command line `event-sidecar status`: whether a running sidecar is ready, and if not, why. Its exit
/// code says it, too, for scripts.
class StatusCommand {
  public:
    /// Adds the command to the program's command line, which fills this object when it is parsed; the program
    /// has the option --path-to-config itself. The sidecar must outlive this object.
    StatusCommand(CLI::App& program, const RunningSidecar& sidecar);
    StatusCommand(const StatusCommand&) = delete;
    StatusCommand& operator=(const StatusCommand&) = delete;

    /// Whether the command line asks for it.
    [[nodiscard]] bool chosen() const;

    /// Asks the sidecar, as RunningSidecar does, and words the answer. The exit code is 0 only when it is
    /// ready.
    [[nodiscard]] CommandOutput run(const std::string& config_file, const Environment& environment) const;

  private:
    const RunningSidecar& sidecar_;
    CLI::App* status_ = nullptr;
    bool json_ = false;
};

}  // namespace server
