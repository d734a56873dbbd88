#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "server/config.h"
#include "storage/verification.h"

namespace CLI {
class App;
}

namespace server {

/// The command line `event-sidecar verify`, which checks a log, also while a sidecar works on it, and keeps
/// what is sound of a damaged one.
class VerifyCommand {
  public:
    static constexpr int kDamaged = 1;

    /// Adds the command to the program's command line, which fills this object when it is parsed; the program
    /// has the option --path-to-config itself.
    explicit VerifyCommand(CLI::App& program);
    VerifyCommand(const VerifyCommand&) = delete;
    VerifyCommand& operator=(const VerifyCommand&) = delete;

    [[nodiscard]] bool chosen() const;
    /// Whether the log is named on the command line, so that no configuration is needed.
    [[nodiscard]] bool names_log() const { return !database_.empty(); }

    /// Runs to the end, or until SIGINT; the program's exit code.
    [[nodiscard]] int run(const std::string& config_file, const Environment& environment) const;

  private:
    [[nodiscard]] base::Result<int> verify(const storage::Options& options, const std::string& log) const;
    [[nodiscard]] static base::Result<int> repair(const storage::Options& options);

    CLI::App* verify_ = nullptr;
    std::string database_;
    std::uint64_t from_ = 0;
    bool repair_ = false;
};

}  // namespace server
