#include "sqlite_log.h"

#include <chrono>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <thread>

#include "log_metrics.h"
#include "storage/sqlite.h"

namespace storage_test {

base::Result<std::unique_ptr<storage::SqliteEventLog>> open_sqlite(const storage::SqliteOptions& options) {
    return storage::SqliteEventLog::open(options, base::make_null_log(), log_metrics());
}

base::Error opening_error(const storage::SqliteOptions& options) {
    auto opened = open_sqlite(options);
    if (!opened) return opened.error();
    ADD_FAILURE() << "the log opened";
    return {};
}

std::string read_file(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void write_file(const std::filesystem::path& file, std::string_view content) {
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    stream.write(content.data(), static_cast<std::streamsize>(content.size()));
}

SqliteLog::SqliteLog(bool opened) {
    options_.directory = folder_.path() / "storage";
    std::filesystem::create_directories(options_.directory);
    if (opened) open();
}

void SqliteLog::open() {
    log_ = open_sqlite(options_).value();
}

void SqliteLog::reopen() {
    close();
    open();
}

std::int64_t query_integer(const std::filesystem::path& file, const std::string& sql) {
    const storage::SqliteConnection connection(file, storage::SqliteConnection::Mode::ReadOnly);
    connection.busy_timeout(1000);
    return connection.integer(sql);
}

bool await_integer(const std::filesystem::path& file, const std::string& sql, std::int64_t wanted) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < deadline) {
        if (query_integer(file, sql) == wanted) return true;
        std::this_thread::yield();
    }
    return false;
}

}  // namespace storage_test
