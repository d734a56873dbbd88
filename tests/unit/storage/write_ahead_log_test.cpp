// The write-ahead log's file: how large it is, and when it is copied.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <gtest/gtest.h>

#include "sqlite_log.h"
#include "storage/sqlite.h"
#include "support/process.h"
#include "test_events.h"

namespace storage_test {

namespace {

TEST(WriteAheadLog, IsCutAfterALargePayload) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    options.wal_autocheckpointing_interval = 50;
    auto log = open_sqlite(options).value();
    ASSERT_NE(stage(*log, incompressible_step(1, 5'000'000)), 0U);
    const std::filesystem::path wal = sqlite.file().string() + "-wal";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    // The first commit after the log began anew cuts it.
    for (std::uint64_t block = 0;
         std::filesystem::file_size(wal) > 1'000'000 && std::chrono::steady_clock::now() < deadline;
         ++block) {
        append(*log, signatures(block, 1));
    }
    EXPECT_LE(std::filesystem::file_size(wal), 1'000'000U);
    // Its last pages are copied when the writing pauses.
    EXPECT_TRUE(support::eventually([&] { return std::filesystem::file_size(sqlite.file()) > 4'000'000U; }));
}

TEST(WriteAheadLog, IsOverwrittenByCommitsNotGrown) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    options.wal_autocheckpointing_interval = 50;
    auto log = open_sqlite(options).value();
    const std::filesystem::path wal = sqlite.file().string() + "-wal";
    constexpr std::uintmax_t kRoom = 4 * 50 * (4096 + 24);
    const auto has_room = [&] { return std::filesystem::file_size(wal) >= kRoom; };
    ASSERT_TRUE(support::eventually(has_room));
    const auto size = std::filesystem::file_size(wal);
    for (std::uint64_t block = 0; block < 10; ++block) append(*log, signatures(block, 1));
    EXPECT_EQ(std::filesystem::file_size(wal), size);
    log.reset();
    EXPECT_EQ(read_all(*open_sqlite(options).value()).size(), 10U);
}

TEST(WriteAheadLog, StaysBoundedUnderLoad) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    options.wal_autocheckpointing_interval = 50;
    options.synchronous = storage::SqliteOptions::Synchronous::Normal;
    auto log = open_sqlite(options).value();
    for (std::uint64_t block = 0; block < 400; ++block) append(*log, signatures(block, 100));
    EXPECT_LT(std::filesystem::file_size(sqlite.file().string() + "-wal"),
              std::filesystem::file_size(sqlite.file()));
    EXPECT_EQ(read_all(*log).size(), 40'000U);
}

}  // namespace

}  // namespace storage_test
