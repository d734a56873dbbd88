#include "server/backup_command.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fmt/format.h>
#include <variant>

#include "server/interrupt.h"
#include "server/log_address.h"
#include "server/transfer_config.h"
#include "storage/sqlite_backup.h"
#include "transfer/progress.h"

namespace server {

namespace {

constexpr std::string_view kBackupFooter =
    "The copy is the log as it was at one moment, complete in one file: `verify` checks it, `export` reads "
    "it,\n"
    "and a sidecar runs on it. It appears under its name only when it is complete; an older copy is replaced "
    "then.";

base::Error use_pg_dump(const storage::PostgresqlOptions& options, const std::string& copy) {
    return base::invalid(
        fmt::format("the log lies in PostgreSQL, which makes its backups itself: pg_dump --format=custom "
                    "--schema=event_sidecar --host={} --port={} --username={} --file={} {}",
                    options.host, options.port, options.database_username, copy, options.database_name));
}

}  // namespace

BackupCommand::BackupCommand(CLI::App& program)
    : backup_(program.add_subcommand("backup", "Copy an SQLite log, also of a running sidecar")) {
    backup_->fallthrough()->footer(std::string(kBackupFooter));
    backup_->add_option("file", copy_, "Where to; made, or replaced, if it is an older copy")
        ->required()
        ->type_name("FILE");
}

bool BackupCommand::chosen() const {
    return backup_->parsed();
}

base::Result<int> BackupCommand::back_up(const storage::Options& options) const {
    if (const auto* postgresql = std::get_if<storage::PostgresqlOptions>(&options.database))
        return use_pg_dump(*postgresql, copy_);
    const Interrupt interrupt;
    transfer::Progress progress(transfer::terminal_of_standard_error());
    progress.begin("copying", "bytes");
    storage::BackupOptions copying;
    copying.progress = [&progress](double done, std::uint64_t bytes) { progress.update(done, bytes); };
    copying.stop = [&interrupt] { return interrupt.came(); };
    const auto done = storage::back_up_sqlite(sqlite_file(options), copy_, copying);
    progress.clear();
    if (!done) return done.error();
    if (done->stopped) {
        fmt::print(stderr, "interrupted; there is no copy\n");
        return Interrupt::kExitCode;
    }
    fmt::print("copied {} bytes to {}\n", transfer::with_thousands(done->bytes), copy_);
    return EXIT_SUCCESS;
}

int BackupCommand::run(const std::string& config_file, const Environment& environment) const {
    const auto options = find_log({}, config_file, environment);
    const auto code = options ? back_up(*options) : base::Result<int>(options.error());
    if (code) return *code;
    complain(code.error().message);
    return EXIT_FAILURE;
}

}  // namespace server
