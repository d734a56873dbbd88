#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "storage/sqlite_event_log.h"
#include "storage/sqlite_options.h"
#include "temporary_folder.h"

namespace storage_test {

/// Opens the log of these options, discarding its log lines.
[[nodiscard]] base::Result<std::unique_ptr<storage::SqliteEventLog>> open_sqlite(
    const storage::SqliteOptions& options);

/// The error of opening it; a failed test when it opens.
[[nodiscard]] base::Error opening_error(const storage::SqliteOptions& options);

[[nodiscard]] std::string read_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, std::string_view content);

/// An SQLite log in a temporary folder.
class SqliteLog {
  public:
    explicit SqliteLog(bool opened = true);

    [[nodiscard]] storage::SqliteEventLog& log() { return *log_; }
    [[nodiscard]] const storage::SqliteOptions& options() const { return options_; }
    [[nodiscard]] std::filesystem::path file() const { return options_.directory / options_.file_name; }
    [[nodiscard]] std::filesystem::path directory() const { return options_.directory; }

    void open();
    void close() { log_.reset(); }
    void reopen();

  private:
    TemporaryFolder folder_;
    storage::SqliteOptions options_;
    std::unique_ptr<storage::SqliteEventLog> log_;
};

/// Reads the database beside the log, as an operator's program might.
[[nodiscard]] std::int64_t query_integer(const std::filesystem::path& file, const std::string& sql);

/// Waits until the query gives this value; false after half a minute.
[[nodiscard]] bool await_integer(const std::filesystem::path& file, const std::string& sql,
                                 std::int64_t wanted);

}  // namespace storage_test
