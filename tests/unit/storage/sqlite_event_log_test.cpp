// What is particular to the SQLite form of the log: how it stores what it is given.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "sqlite_log.h"
#include "storage/endpoint_condition.h"
#include "storage/sqlite.h"
#include "storage/sqlite_reader.h"
#include "storage/sqlite_schema.h"
#include "test_events.h"

namespace storage_test {

namespace {

using base::Error;
using storage::SqliteConnection;
using testing::ElementsAre;
using testing::HasSubstr;

// --- the file ---

TEST(SqliteEventLog, TheFileIsMarkedAndMadeForPruning) {
    SqliteLog sqlite;
    EXPECT_EQ(query_integer(sqlite.file(), "PRAGMA application_id"), storage::kApplicationId);
    EXPECT_EQ(query_integer(sqlite.file(), "PRAGMA user_version"), storage::newest_schema_version());
    EXPECT_EQ(query_integer(sqlite.file(), "PRAGMA auto_vacuum"), 2);
    EXPECT_EQ(SqliteConnection(sqlite.file(), SqliteConnection::Mode::ReadOnly).text("PRAGMA journal_mode"),
              "wal");
}

TEST(SqliteEventLog, MissingFoldersAreMade) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    options.directory = sqlite.directory() / "a" / "b c" / "d%3f?#";
    auto log = open_sqlite(options);
    ASSERT_TRUE(log);
    EXPECT_EQ(append_one(**log, block_added(1)), 1U);
    EXPECT_TRUE(std::filesystem::exists(options.directory / options.file_name));
}

TEST(SqliteEventLog, ACleanEndEmptiesTheWriteAheadLog) {
    SqliteLog sqlite;
    append(sqlite.log(), signatures(1, 100));
    sqlite.close();
    EXPECT_FALSE(std::filesystem::exists(sqlite.file().string() + "-wal"));
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event"), 100);
}

TEST(SqliteEventLog, SignaturesAreInNoIndexOfTheirOwn) {
    SqliteLog sqlite;
    append(sqlite.log(), signatures(1, 50));
    append(sqlite.log(), {block_added(1), deploy_processed(1), fault(1, 1), step(1)});
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event WHERE block_hash IS NOT NULL"), 1);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event WHERE source <> 2"), 4);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event WHERE height = 1"), 1);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM public_key"), 50);
}

TEST(SqliteEventLog, ReadsOfEndpointsWithoutSignaturesUseTheirIndex) {
    SqliteLog sqlite;
    const SqliteConnection connection(sqlite.file(), SqliteConnection::Mode::ReadOnly);
    const auto plan = [&](const std::string& where) {
        auto statement = connection.prepare("EXPLAIN QUERY PLAN SELECT payload FROM event WHERE " + where +
                                            " AND id >= 5 AND id < 9 ORDER BY id");
        std::string text;
        auto rows = statement.query();
        while (rows.next()) text.append(rows.text(3)).append("\n");
        return text;
    };
    for (const auto endpoint : {base::Endpoint::Main, base::Endpoint::Deploys, base::Endpoint::Sidecar}) {
        const auto condition = storage::endpoint_condition(endpoint);
        EXPECT_TRUE(condition.by_source);
        const auto text = plan(condition.sql);
        EXPECT_THAT(text, HasSubstr("event_source (source=? AND rowid>? AND rowid<?)"))
            << base::endpoint_path(endpoint);
        EXPECT_THAT(text, testing::Not(HasSubstr("TEMP B-TREE")));
    }
    for (const auto endpoint : {base::Endpoint::Events, base::Endpoint::Sigs}) {
        EXPECT_FALSE(storage::endpoint_condition(endpoint).by_source);
    }
}

TEST(SqliteEventLog, LookupsOfLaterReadersUseTheirIndexes) {
    SqliteLog sqlite;
    const SqliteConnection connection(sqlite.file(), SqliteConnection::Mode::ReadOnly);
    const std::map<std::string, std::string> queries{
        {"SELECT id FROM event WHERE height = 5", "event_height"},
        {"SELECT max(height) FROM event WHERE height IS NOT NULL", "event_height"},
        {"SELECT id FROM event WHERE block_hash = x'00'", "event_block"},
        {"SELECT id FROM event WHERE account = x'00' ORDER BY id DESC", "event_account"},
        {"SELECT id FROM event WHERE kind <> 2 AND kind <> 3 AND kind <> 6 AND kind = 7 ORDER BY id DESC",
         "event_rare"},
        {"SELECT id FROM event_key WHERE kind = 6 AND first = x'00'", "PRIMARY KEY"},
        {"SELECT id FROM event_key WHERE kind = 5 AND second = 3", "event_key_fault"},
        {"SELECT number FROM large_payload WHERE appended = 0", "large_payload_waiting"},
    };
    for (const auto& [sql, index] : queries) {
        auto statement = connection.prepare("EXPLAIN QUERY PLAN " + sql);
        auto rows = statement.query();
        ASSERT_TRUE(rows.next());
        EXPECT_THAT(std::string(rows.text(3)), HasSubstr(index)) << sql;
    }
}

/// As a list of three in an index's condition would need.
TEST(SqliteEventLog, AnInsertOrADeletionBuildsNoTable) {
    SqliteLog sqlite;
    const SqliteConnection connection(sqlite.file(), SqliteConnection::Mode::ReadWrite);
    for (const char* sql : {"INSERT INTO event DEFAULT VALUES", "DELETE FROM event WHERE id = 5"}) {
        auto statement = connection.prepare(std::string("EXPLAIN ") + sql);
        auto rows = statement.query();
        std::size_t steps = 0;
        for (; rows.next(); ++steps) EXPECT_NE(rows.text(1), "OpenEphemeral") << sql;
        EXPECT_GT(steps, 5U);
    }
}

TEST(SqliteEventLog, TheMembersForLaterReadersAreStored) {
    SqliteLog sqlite;
    append(sqlite.log(), {block_added(321), deploy_processed(15), signature(321, 4)});
    const SqliteConnection connection(sqlite.file(), SqliteConnection::Mode::ReadOnly);
    auto statement =
        connection.prepare("SELECT height, era, block_hash, account, received_at FROM event ORDER BY id");
    auto rows = statement.query();
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.integer(0), 321);
    EXPECT_EQ(rows.integer(1), 3);
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    EXPECT_NEAR(static_cast<double>(rows.integer(4)), static_cast<double>(now), 60'000);
    ASSERT_TRUE(rows.next());
    EXPECT_TRUE(rows.is_null(0));
    EXPECT_TRUE(std::ranges::equal(rows.blob(2), hash(1)));
    EXPECT_TRUE(std::ranges::equal(rows.blob(3), public_key(5)));
}

TEST(SqliteEventLog, SynchronousNormalIsPossible) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    options.synchronous = storage::SqliteOptions::Synchronous::Normal;
    auto log = open_sqlite(options);
    ASSERT_TRUE(log);
    EXPECT_EQ(append_one(**log, block_added(1)), 1U);
}

TEST(SqliteEventLog, OneReaderServesManyThreadsInTurn) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    options.max_connections_in_pool = 1;
    auto log = open_sqlite(options).value();
    append(*log, signatures(1, 50));
    std::atomic<int> whole{0};
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 20; ++i) whole += log->read({}).value().events.size() == 50 ? 1 : 0;
        });
    }
    threads.clear();
    EXPECT_EQ(whole, 80);
}

// --- positions of batches without news ---

/// The write-ahead log without the zeros that may be appended to it at any time, as room for commits.
std::string written_ahead(const SqliteLog& sqlite) {
    auto content = read_file(sqlite.file().string() + "-wal");
    content.resize(content.find_last_not_of('\0') + 1);
    return content;
}

TEST(SqliteEventLog, DuplicatesAloneDoNotWriteAtOnce) {
    SqliteLog sqlite;
    append(sqlite.log(), {from_node(block_added(1), "a", 1)});
    const auto before = written_ahead(sqlite);
    append(sqlite.log(), {from_node(block_added(1), "b", 2)});
    EXPECT_TRUE(written_ahead(sqlite) == before);
    append(sqlite.log(), {from_node(block_added(2), "b", 3)});
    EXPECT_FALSE(written_ahead(sqlite) == before);
}

TEST(SqliteEventLog, DuplicatesAloneWriteTheirPositionsInTheEnd) {
    SqliteLog sqlite;
    append(sqlite.log(), {from_node(block_added(1), "a", 1)});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    const auto stored = [&] {
        return query_integer(sqlite.file(), "SELECT count(*) FROM node_position WHERE node = 'b'") == 1;
    };
    while (!stored() && std::chrono::steady_clock::now() < deadline) {
        append(sqlite.log(), {from_node(block_added(1), "b", 2)});
    }
    EXPECT_TRUE(stored());
}

// --- large payloads in the file ---

constexpr auto kParts = "SELECT count(*) FROM payload_part";
constexpr auto kPayloads = "SELECT count(*) FROM large_payload";

TEST(SqliteEventLog, OrphanedPayloadsAreDeletedAndOthersKept) {
    SqliteLog sqlite;
    const auto kept = incompressible_step(1, 600'000);
    append(sqlite.log(), {staged(kept, stage(sqlite.log(), kept))});
    ASSERT_NE(stage(sqlite.log(), incompressible_step(2, 600'000)), 0U);
    ASSERT_NE(stage(sqlite.log(), incompressible_step(3, 600'000)), 0U);
    EXPECT_EQ(query_integer(sqlite.file(), kParts), 9);
    sqlite.reopen();
    const auto again = stage(sqlite.log(), incompressible_step(2, 600'000));
    EXPECT_TRUE(await_integer(sqlite.file(), kPayloads, 2));
    EXPECT_EQ(query_integer(sqlite.file(), kParts), 6);
    append(sqlite.log(), {staged(step(2), again)});
    EXPECT_TRUE(read_all(sqlite.log()).at(0).payload == kept.payload);
    EXPECT_TRUE(read_all(sqlite.log()).at(1).payload == incompressible_step(2, 600'000).payload);
}

TEST(SqliteEventLog, PayloadsOfDuplicatesAreDeleted) {
    SqliteLog sqlite;
    const auto number = stage(sqlite.log(), incompressible_step(1, 600'000));
    append(sqlite.log(), {step(1)});
    append(sqlite.log(), {staged(step(1), number), staged(step(1), number)});
    EXPECT_TRUE(await_integer(sqlite.file(), kPayloads, 0));
    EXPECT_EQ(query_integer(sqlite.file(), kParts), 0);
}

TEST(SqliteEventLog, APayloadStagedByThreeNodesIsStoredOnce) {
    SqliteLog sqlite;
    const auto event = incompressible_step(1, 600'000);
    std::vector<std::jthread> nodes;
    for (int n = 0; n < 3; ++n) nodes.emplace_back([&] { EXPECT_NE(stage(sqlite.log(), event), 0U); });
    nodes.clear();
    EXPECT_EQ(query_integer(sqlite.file(), kPayloads), 1);
    EXPECT_EQ(query_integer(sqlite.file(), kParts), 3);
}

}  // namespace

}  // namespace storage_test
