#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "server/backup_command.h"
#include "server/export_command.h"
#include "server/import_command.h"
#include "server/verify_command.h"
#include "storage/open_log.h"
#include "support/process.h"
#include "unit/server/config_text.h"

namespace server {

/// What a command printed and its exit code.
struct Outcome {
    int code = 0;
    std::string out;
    std::string err;
};

/// The commands that work on a log without a running sidecar, on an SQLite log in a folder of the test's own.
class CommandTest : public testing::Test {
  protected:
    CommandTest() { write_config("sidecar.toml", {}); }

    void write_config(const std::string& name, const std::string& storage_keys,
                      const std::string& storage = "storage") const {
        support::write_file(path(name),
                            config_text::kConnection +
                                fmt::format("[storage]\nstorage_path = \"{}\"\n", path(storage).string()) +
                                storage_keys + config_text::kSqlite + config_text::kServers);
    }

    [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }

    /// As main() does it; the arguments without the program's name.
    static Outcome run(std::vector<std::string> arguments) {
        CLI::App program{"", "event-sidecar"};
        std::string config_file;
        program.add_option("--path-to-config", config_file);
        program.require_subcommand(0, 1);
        const ExportCommand exporting(program);
        const ImportCommand importing(program);
        const VerifyCommand verifying(program);
        const BackupCommand backing_up(program);
        std::ranges::reverse(arguments);
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        Outcome outcome;
        try {
            program.parse(arguments);
            const auto environment = config_text::environment({});
            if (exporting.chosen()) outcome.code = exporting.run(config_file, environment);
            if (importing.chosen()) outcome.code = importing.run(config_file, environment);
            if (verifying.chosen()) outcome.code = verifying.run(config_file, environment);
            if (backing_up.chosen()) outcome.code = backing_up.run(config_file, environment);
        } catch (const CLI::ParseError& error) {
            outcome.code = program.exit(error);
        }
        std::fflush(stdout);
        outcome.out = testing::internal::GetCapturedStdout();
        outcome.err = testing::internal::GetCapturedStderr();
        return outcome;
    }

    [[nodiscard]] std::unique_ptr<storage::EventLog> open_log() {
        storage::SqliteOptions options;
        options.directory = path("storage");
        storage::Options all;
        all.database = options;
        return std::move(storage::open_log(all, base::make_null_log(), metrics_).value());
    }

  private:
    support::TemporaryFolder folder_;
    base::Metrics metrics_;
};

}  // namespace server
