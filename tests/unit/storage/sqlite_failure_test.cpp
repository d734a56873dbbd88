// What can go wrong with the SQLite form of the log: the disk, the database, the process.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "full_disk.h"
#include "killed_child.h"
#include "sqlite_log.h"
#include "storage/sqlite.h"
#include "storage/sqlite_schema.h"
#include "test_events.h"

namespace storage_test {

namespace {

using base::Error;
using storage::SqliteConnection;

using testing::ElementsAre;
using testing::HasSubstr;

// --- failures ---

TEST(SqliteFailure, AFullDiskLosesNothing) {
    SqliteLog sqlite;
    std::uint64_t block = 0;
    base::EventBatch refused;
    {
        const FullDisk full(500'000);
        for (; block < 1000 && refused.empty(); ++block) {
            auto batch = signatures(block, 100);
            batch.push_back(api_version("1.5." + std::to_string(block)));
            batch.front() = from_node(batch.front(), "a", static_cast<std::uint32_t>(block));
            const auto appended = sqlite.log().append(batch, "casper");
            if (appended) continue;
            EXPECT_EQ(appended.error().category, Error::Category::Unavailable);
            EXPECT_THAT(appended.error().message, HasSubstr("check the disk, its free space"));
            EXPECT_THAT(appended.error().message, HasSubstr(sqlite.file().string()));
            refused = std::move(batch);
        }
        ASSERT_FALSE(refused.empty());
        EXPECT_EQ(sqlite.log().range().next, (block - 1) * 100 + 1);
        EXPECT_EQ(sqlite.log().api_version().patch, block - 2);
        EXPECT_EQ(read_all(sqlite.log()).size(), (block - 1) * 100);  // reading needs no space
        EXPECT_FALSE(sqlite.log().append(refused, "casper"));
    }
    const auto appended = sqlite.log().append(refused, "casper");
    ASSERT_TRUE(appended) << appended.error().message;
    EXPECT_EQ(appended->ids.front(), (block - 1) * 100 + 1);
    sqlite.reopen();
    EXPECT_EQ(read_all(sqlite.log()).size(), block * 100);
    EXPECT_EQ(sqlite.log().api_version().patch, block - 1);
    const auto position = sqlite.log().positions().at({"a", base::Filter::Sigs});
    EXPECT_EQ(position.position.event_id, block - 1);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM signature_key"),
              static_cast<std::int64_t>(block * 100));
}

TEST(SqliteFailure, PositionsKeptBackSurviveAFullDisk) {
    SqliteLog sqlite;
    append(sqlite.log(), {from_node(block_added(1), "a", 1)});
    append(sqlite.log(), {from_node(block_added(1), "b", 2)});
    {
        const FullDisk full(1000);
        EXPECT_FALSE(sqlite.log().flush());
        EXPECT_FALSE(sqlite.log().append(base::EventBatch{from_node(block_added(2), "b", 3)}, ""));
    }
    ASSERT_TRUE(sqlite.log().flush());
    sqlite.reopen();
    EXPECT_EQ(sqlite.log().positions().at({"b", base::Filter::Main}).position.event_id, 2U);
}

TEST(SqliteFailure, StagingGoesOnWhenTheDiskHasSpaceAgain) {
    SqliteLog sqlite;
    const auto event = incompressible_step(1, 3'000'000);
    auto answer = std::make_shared<std::promise<std::uint64_t>>();
    auto number = answer->get_future();
    {
        const FullDisk full(1'000'000);
        sqlite.log().stage(std::make_shared<const base::Event>(event),
                           [answer](std::uint64_t n) { answer->set_value(n); });
        // The first part fits, a later one cannot.
        ASSERT_TRUE(await_integer(sqlite.file(), "SELECT count(*) > 0 FROM payload_part", 1));
        ASSERT_EQ(number.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
    }
    ASSERT_EQ(number.wait_for(std::chrono::minutes(1)), std::future_status::ready);
    append(sqlite.log(), {staged(event, number.get())});
    EXPECT_TRUE(read_all(sqlite.log()).at(0).payload == event.payload);
}

TEST(SqliteFailure, ADatabaseLockedByAnotherProgramIsTriedAgain) {
    SqliteLog sqlite;
    {
        const SqliteConnection other(sqlite.file(), SqliteConnection::Mode::ReadWrite);
        other.busy_timeout(30'000);
        other.execute("BEGIN IMMEDIATE");
        const auto refused = sqlite.log().append(base::EventBatch{block_added(1)}, "");
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().category, Error::Category::Unavailable);
        EXPECT_THAT(refused.error().message, HasSubstr("locked"));
        other.execute("ROLLBACK");
    }
    EXPECT_EQ(append_one(sqlite.log(), block_added(1)), 1U);
}

TEST(SqliteFailure, AnIncompletePayloadIsCorruptAndTheRestReadable) {
    SqliteLog sqlite;
    const auto event = incompressible_step(1, 1'000'000);
    append(sqlite.log(), {block_added(1), staged(event, stage(sqlite.log(), event)), block_added(2)});
    const SqliteConnection other(sqlite.file(), SqliteConnection::Mode::ReadWrite);
    other.busy_timeout(30'000);
    other.execute("DELETE FROM payload_part WHERE seq = 1");
    const auto page = sqlite.log().read({.endpoint = {}, .from = 2});
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().category, Error::Category::Corrupt);
    EXPECT_THAT(read_ids(sqlite.log(), {.endpoint = {}, .from = 3}), ElementsAre(3));
}

// --- kill -9 ---

/// In a child process: appends batches, and writes the newest id to `acknowledge` after each.
[[noreturn]] void append_until_killed(const storage::SqliteOptions& options, std::uint64_t first_block,
                                      int acknowledge) {
    auto log = open_sqlite(options);
    if (!log) ::_exit(1);
    (*log)->stage(std::make_shared<const base::Event>(incompressible_step(first_block, 2'000'000)),
                  [](std::uint64_t) {});
    for (std::uint64_t block = first_block;; ++block) {
        auto batch = signatures(block, 30);
        batch.back() = from_node(batch.back(), "a", static_cast<std::uint32_t>(block));
        if (!(*log)->append(batch, "casper")) ::_exit(2);
        if (::write(acknowledge, &block, sizeof block) != sizeof block) ::_exit(3);
    }
}

TEST(SqliteFailure, NothingAcknowledgedIsLostToKill9) {
    SqliteLog sqlite(false);
    std::uint64_t next_block = 1;
    for (int round = 0; round < 8; ++round) {
        const auto last = run_and_kill(
            [&](int acknowledge) { append_until_killed(sqlite.options(), next_block, acknowledge); },
            1 + 7 * round);
        ASSERT_GE(last, next_block);
        sqlite.open();
        const auto events = read_all(sqlite.log());
        ASSERT_GE(events.size(), last * 30);
        ASSERT_EQ(events.size() % 30, 0U) << "half a batch";
        for (std::size_t i = 0; i < events.size(); ++i) ASSERT_EQ(events[i].id, i + 1);
        EXPECT_EQ(sqlite.log().range().next, events.size() + 1);
        // Every event is known by its key, so that no block comes twice.
        for (std::uint64_t block = 1; block <= last; ++block) {
            for (const auto id : append(sqlite.log(), signatures(block, 30), "casper")) ASSERT_EQ(id, 0U);
        }
        EXPECT_GE(sqlite.log().positions().at({"a", base::Filter::Sigs}).position.event_id, last);
        EXPECT_TRUE(await_integer(sqlite.file(), "SELECT count(*) FROM large_payload", 0));
        next_block = events.size() / 30 + 1;
        sqlite.close();
    }
}

TEST(SqliteFailure, ALogIsFreeAgainAfterKill9AndLockedWhileTheProcessLives) {
    SqliteLog sqlite(false);
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) append_until_killed(sqlite.options(), 1, pipe[1]);
    std::uint64_t block = 0;
    ASSERT_EQ(::read(pipe[0], &block, sizeof block), static_cast<ssize_t>(sizeof block));
    const auto error = opening_error(sqlite.options());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(pipe[0]);
    ::close(pipe[1]);
    EXPECT_EQ(error.category, Error::Category::Unavailable);
    EXPECT_THAT(error.message, HasSubstr("process " + std::to_string(child)));
    sqlite.open();
    EXPECT_GE(sqlite.log().range().newest(), 30U);
}

}  // namespace

}  // namespace storage_test
