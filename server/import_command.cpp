#include "server/import_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "server/interrupt.h"
#include "server/transfer_config.h"
#include "storage/open_log.h"
#include "storage/rust_postgresql_history.h"
#include "storage/rust_sqlite_history.h"
#include "storage/sse_index.h"
#include "transfer/import_history.h"

namespace server {

namespace {

using transfer::ImportEnd;
using transfer::with_thousands;

constexpr std::string_view kImportFooter =
    "The log must be empty, and no sidecar may run on it. FILE is what `export` wrote, or one payload a "
    "line;\n"
    "-: standard input. A database of the Rust sidecar is read without being altered; docs/moving.md tells "
    "how\n"
    "ids go on. Exit code: 0 all lines are in the log, 2 some are no events and were passed over, 1 failed.";

/// A file to be read, or standard input.
class InputFile {
  public:
    explicit InputFile(const std::string& path)
        : descriptor_(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~InputFile() {
        if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
    }
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
    [[nodiscard]] int descriptor() const { return descriptor_; }
    /// 0: not known.
    [[nodiscard]] std::uint64_t size() const {
        struct stat status {};
        if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
        return static_cast<std::uint64_t>(status.st_size);
    }

  private:
    int descriptor_;
};

std::string fault_of_version(const std::string& text) {
    return base::ApiVersion::parse(text) ? std::string() : "expected MAJOR.MINOR.PATCH such as 1.5.6";
}

std::string fault_of_network(const std::string& text) {
    return text.empty() ? std::string("expected the network's name, as the node's status has it")
                        : std::string();
}

}  // namespace

struct ImportCommand::Job {
    const Config& config;
    base::Log lines;
    storage::EventLog& log;
    transfer::Stop stop;
    transfer::Progress progress;
    transfer::Importer importer;
};

ImportCommand::ImportCommand(CLI::App& program)
    : import_(program.add_subcommand("import", "Bring events into an empty log")) {
    import_->fallthrough()->footer(std::string(kImportFooter));
    auto* file = import_->add_option("file", file_, "Lines of JSON; -: standard input")->type_name("FILE");
    import_
        ->add_option("--from-rust-sidecar", rust_database_,
                     "Instead of FILE: the database of a Rust sidecar 1.x, an SQLite file or postgresql://…")
        ->type_name("DATABASE")
        ->excludes(file);
    import_->add_option("--network-name", network_name_, "The network that the events are of")
        ->required()
        ->type_name("NAME")
        ->check(CLI::Validator(fault_of_network, std::string()));
    import_
        ->add_option("--api-version", api_version_,
                     "The version that is announced before events which come without one")
        ->type_name("VERSION")
        ->check(CLI::Validator(fault_of_version, std::string()));
    import_->callback([this] {
        if (file_.empty() && rust_database_.empty())
            throw CLI::RequiredError("import: FILE or --from-rust-sidecar DATABASE");
    });
}

bool ImportCommand::chosen() const {
    return import_->parsed();
}

base::Result<void> ImportCommand::check(const Config& config) const {
    const auto& only = config.storage.network_name;
    if (!only || *only == network_name_) return {};
    return base::invalid(
        fmt::format("the configuration is for the network {}, not for {}: correct "
                    "--network-name, or network_name in [storage]",
                    *only, network_name_));
}

base::Result<std::unique_ptr<storage::HistorySource>> ImportCommand::open_history() const {
    if (storage::is_postgresql_uri(rust_database_)) {
        auto opened = storage::RustPostgresqlHistory::open(rust_database_);
        if (!opened) return opened.error();
        return std::unique_ptr<storage::HistorySource>(std::move(*opened));
    }
    auto opened = storage::RustSqliteHistory::open(rust_database_);
    if (!opened) return opened.error();
    return std::unique_ptr<storage::HistorySource>(std::move(*opened));
}

base::Result<ImportEnd> ImportCommand::import_file(Job& job) const {
    const InputFile input(file_);
    if (!input.is_open()) return base::invalid("cannot read " + file_ + ": " + std::strerror(errno));
    transfer::LineReader lines(input.descriptor());
    job.progress.begin("importing");
    return transfer::import_lines(lines, input.size(), job.log, job.importer, job.progress, job.stop);
}

base::EventId ImportCommand::old_next_id(const Job& job) const {
    // The log itself begins at the file sse_index in storage_path; the Rust sidecar's may lie elsewhere.
    const auto in_storage_path = job.log.range().next;
    if (storage::is_postgresql_uri(rust_database_)) return in_storage_path;
    const auto folder = std::filesystem::absolute(rust_database_).parent_path();
    return std::max(in_storage_path, storage::read_sse_index(folder, job.lines).value_or(1));
}

base::Result<ImportEnd> ImportCommand::import_rust_sidecar(Job& job) const {
    const auto history = open_history();
    if (!history) return history.error();

    job.progress.begin("checking");
    const auto survey = transfer::survey(**history, network_name_, job.progress, job.stop);
    if (!survey) return survey.error();
    if (!*survey) return ImportEnd::Stopped;

    const auto first = transfer::first_id(**survey, old_next_id(job));
    if (const auto begun = job.log.begin_at(first); !begun) return begun.error();

    job.progress.begin("importing");
    return transfer::import_history(**history, job.importer, job.progress, job.stop);
}

base::Result<int> ImportCommand::import(const Config& config) const {
    if (const auto checked = check(config); !checked) return checked.error();
    const auto lines = base::make_log(base::LogOptions::from_environment());
    base::Metrics metrics;
    const auto log = storage::open_log(config.storage, lines, metrics);
    if (!log) return log.error();
    if (const auto held = (*log)->range(); !held.empty()) {
        return base::invalid(
            fmt::format("the log holds events {} to {}; import needs an empty one: choose "
                        "another storage_path or file_name",
                        held.oldest, held.newest()));
    }

    const Interrupt interrupt;
    const transfer::Stop stop = [&interrupt] { return interrupt.came(); };
    Job job{.config = config,
            .lines = lines,
            .log = **log,
            .stop = stop,
            .progress = transfer::Progress(transfer::terminal_of_standard_error()),
            .importer = transfer::Importer(**log, network_name_, stop)};
    if (const auto version = base::ApiVersion::parse(api_version_)) job.importer.begin_with(*version);
    auto end = rust_database_.empty() ? import_file(job) : import_rust_sidecar(job);
    job.progress.clear();
    if (end) {
        if (const auto finished = job.importer.finish(); !finished) end = finished.error();
    }
    if (!end) {
        auto error = end.error();
        if (!(*log)->range().empty())
            error.message += fmt::format("; {} events are in the log: remove it before the next try",
                                         with_thousands(job.importer.summary().stored()));
        return error;
    }
    fmt::print("{}", summary(job, *end));
    if (*end == ImportEnd::Stopped) return Interrupt::kExitCode;
    return job.importer.summary().fault_count == 0 ? EXIT_SUCCESS : kSomeFaults;
}

std::string ImportCommand::summary(const Job& job, ImportEnd end) const {
    const auto& result = job.importer.summary();
    const auto range = job.log.range();
    std::string text =
        fmt::format("imported {} events of {}", with_thousands(result.stored()), network_name_);
    if (!range.empty()) text += fmt::format(", ids {} to {}", range.oldest, range.newest());
    text += '\n';
    for (const auto& row : base::kKinds) {
        const auto events = result.events[static_cast<std::size_t>(row.kind)];
        if (events != 0) text += fmt::format("  {:<18} {:>15}\n", row.name, with_thousands(events));
    }
    if (result.duplicates != 0)
        text += fmt::format("{} were in the log already\n", with_thousands(result.duplicates));
    if (result.renumbered) text += "the events have other ids than in the file\n";
    const std::string_view place = rust_database_.empty() ? "line" : "event_log row";
    if (result.fault_count != 0)
        text += fmt::format("{} are no events and were passed over:\n", with_thousands(result.fault_count));
    for (const auto& fault : result.faults)
        text += fmt::format("  {} {}: {}\n", place, fault.place, fault.why);
    if (result.fault_count > result.faults.size())
        text += fmt::format("  and {} more\n", with_thousands(result.fault_count - result.faults.size()));
    if (end == ImportEnd::Stopped) {
        text += range.empty() ? "interrupted\n" : "interrupted: remove the log before the next try\n";
    }
    return text;
}

int ImportCommand::run(const std::string& config_file, const Environment& environment) const {
    const auto config = load_for_transfer(config_file, environment);
    const auto result = config ? import(*config) : base::Result<int>(config.error());
    if (result) return *result;
    complain(result.error().message);
    return EXIT_FAILURE;
}

}  // namespace server
