#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/config.h"
#include "transfer/exporter.h"

namespace CLI {
class App;
}

namespace server {

/// The command line `event-sidecar export`, which writes a log's events as lines of JSON, also while a
/// sidecar works on it.
class ExportCommand {
  public:
    /// Adds the command to the program's command line, which fills this object when it is parsed; the program
    /// has the option --path-to-config itself.
    explicit ExportCommand(CLI::App& program);
    ExportCommand(const ExportCommand&) = delete;
    ExportCommand& operator=(const ExportCommand&) = delete;

    [[nodiscard]] bool chosen() const;
    [[nodiscard]] transfer::ExportOptions options() const;

    /// Runs to the end, or until SIGINT; the program's exit code. Says on standard error how it went.
    [[nodiscard]] int run(const std::string& config_file, const Environment& environment) const;

  private:
    [[nodiscard]] base::Result<transfer::Exported> write(const Config& config) const;

    CLI::App* export_ = nullptr;
    std::string output_ = "-";
    std::uint64_t from_ = 1;
    std::uint64_t to_ = 0;
    std::vector<std::string> kinds_;
    bool with_ids_ = false;
};

}  // namespace server
