#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <malloc.h>
#include <string>

#include "base/log.h"
#include "server/application.h"
#include "server/backup_command.h"
#include "server/config.h"
#include "server/export_command.h"
#include "server/import_command.h"
#include "server/nodes_command.h"
#include "server/running_sidecar.h"
#include "server/status_command.h"
#include "server/verify_command.h"

namespace {

constexpr int kLargeBlock = 256 * 1024;

/// Keeps the resident memory of a process that runs for months flat: few arenas, and large blocks go back to
/// the system when freed.
void tame_malloc() {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, kLargeBlock);
    mallopt(M_TRIM_THRESHOLD, 4 * kLargeBlock);
}

int run(const std::string& config_file, bool only_check) {
    auto loaded = server::load_config(config_file, server::process_environment());
    if (!loaded.problems.empty()) {
        fmt::print(stderr, "{}", server::describe(loaded.problems, config_file));
        return EXIT_FAILURE;
    }
    if (only_check) {
        fmt::print("{}: no problems found\n", config_file);
        return EXIT_SUCCESS;
    }

    const auto options = base::LogOptions::from_environment();
    const auto log = base::make_log(options);
    if (!options.complaint.empty()) log->warn("{}", options.complaint);

    const auto reload = [config_file]() -> base::Result<server::Config> {
        auto again = server::load_config(config_file, server::process_environment());
        if (!again.config) return base::invalid(server::describe(again.problems, config_file));
        return std::move(*again.config);
    };
    auto application =
        server::Application::open(std::move(*loaded.config), reload, EVENT_SIDECAR_VERSION, log);
    if (!application) {
        log->error("{}", application.error().message);
        return EXIT_FAILURE;
    }
    return (*application)->run();
}

int print(const server::CommandOutput& output) {
    fmt::print("{}", output.out);
    fmt::print(stderr, "{}", output.err);
    return output.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file at its size limit is an error of the write, as a full disk is
    tame_malloc();

    CLI::App cli("Reads the event streams of Casper nodes, stores them, and serves them again.",
                 "event-sidecar");
    std::string config_file;
    bool only_check = false;
    cli.add_option("--path-to-config", config_file,
                   "The configuration file (TOML). Required, but for `nodes`, `status` and `verify DATABASE`")
        ->type_name("FILE");
    cli.add_flag("--check-config", only_check, "Print every error of the configuration and exit");
    cli.set_version_flag("--version", "event-sidecar " EVENT_SIDECAR_VERSION);
    cli.require_subcommand(0, 1);
    const server::RunningSidecar sidecar(cli);
    const server::NodesCommand nodes(cli, sidecar);
    const server::StatusCommand status(cli, sidecar);
    const server::ExportCommand exporting(cli);
    const server::ImportCommand importing(cli);
    const server::VerifyCommand verifying(cli);
    const server::BackupCommand backing_up(cli);
    cli.footer(
        "Environment: LOG_LEVEL (trace, debug, info, warn, error, off), LOG_FORMAT (text, json),\n"
        "SIDECAR_POSTGRES_USERNAME, _PASSWORD, _DATABASE_NAME, _HOST, _PORT, _MAX_CONNECTIONS,\n"
        "SIDECAR_ADMIN_TOKEN: each wins over the file.");
    CLI11_PARSE(cli, argc, argv);
    if (!nodes.chosen() && !status.chosen()) {
        if (config_file.empty() && !verifying.names_log())
            return cli.exit(CLI::RequiredError("--path-to-config"));
        if (sidecar.is_named()) return cli.exit(CLI::RequiresError("--control-socket", "nodes or status"));
    }

    try {
        const auto environment = server::process_environment();
        if (nodes.chosen()) return print(nodes.run(config_file, environment));
        if (status.chosen()) return print(status.run(config_file, environment));
        if (exporting.chosen()) return exporting.run(config_file, environment);
        if (importing.chosen()) return importing.run(config_file, environment);
        if (verifying.chosen()) return verifying.run(config_file, environment);
        if (backing_up.chosen()) return backing_up.run(config_file, environment);
        return run(config_file, only_check);
    } catch (const std::exception& error) {
        fmt::print(stderr, "event-sidecar: {}\n", error.what());
        return EXIT_FAILURE;
    }
}
