#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "server/config.h"
#include "storage/event_log.h"
#include "storage/history_source.h"
#include "transfer/import_lines.h"
#include "transfer/importer.h"

namespace CLI {
class App;
}

namespace server {

class Interrupt;

/// The command line `event-sidecar import`, which brings events of a file, or of the Rust sidecar's database,
/// into an empty log while no sidecar works on it.
class ImportCommand {
  public:
    static constexpr int kSomeFaults = 2;  ///< exit code: imported, but for lines that are no events

    /// Adds the command to the program's command line, which fills this object when it is parsed; the program
    /// has the option --path-to-config itself.
    explicit ImportCommand(CLI::App& program);
    ImportCommand(const ImportCommand&) = delete;
    ImportCommand& operator=(const ImportCommand&) = delete;

    [[nodiscard]] bool chosen() const;

    /// Runs to the end, or until SIGINT; the program's exit code. The summary goes to standard output,
    /// errors to standard error.
    [[nodiscard]] int run(const std::string& config_file, const Environment& environment) const;

  private:
    /// What is at hand while it runs.
    struct Job;

    [[nodiscard]] base::Result<int> import(const Config& config) const;
    [[nodiscard]] base::Result<void> check(const Config& config) const;
    [[nodiscard]] base::Result<transfer::ImportEnd> import_file(Job& job) const;
    [[nodiscard]] base::Result<transfer::ImportEnd> import_rust_sidecar(Job& job) const;
    [[nodiscard]] base::Result<std::unique_ptr<storage::HistorySource>> open_history() const;
    /// The next id that the Rust sidecar would have given, as far as is known.
    [[nodiscard]] base::EventId old_next_id(const Job& job) const;
    [[nodiscard]] std::string summary(const Job& job, transfer::ImportEnd end) const;

    CLI::App* import_ = nullptr;
    std::string file_;
    std::string rust_database_;
    std::string network_name_;
    std::string api_version_;
};

}  // namespace server
