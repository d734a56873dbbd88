#pragma once

#include <string>

#include "base/result.h"
#include "server/config.h"

namespace CLI {
class App;
}

namespace server {

/// The command line `event-sidecar backup`, which copies an SQLite log, also while a sidecar works on it.
class BackupCommand {
  public:
    /// Adds the command to the program's command line, which fills this object when it is parsed; the program
    /// has the option --path-to-config itself.
    explicit BackupCommand(CLI::App& program);
    BackupCommand(const BackupCommand&) = delete;
    BackupCommand& operator=(const BackupCommand&) = delete;

    [[nodiscard]] bool chosen() const;

    /// Runs to the end, or until SIGINT; the program's exit code.
    [[nodiscard]] int run(const std::string& config_file, const Environment& environment) const;

  private:
    [[nodiscard]] base::Result<int> back_up(const storage::Options& options) const;

    CLI::App* backup_ = nullptr;
    std::string copy_;
};

}  // namespace server
