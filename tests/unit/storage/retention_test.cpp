#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "sqlite_log.h"
#include "storage/event_keys.h"
#include "storage/payload_stager.h"
#include "storage/sqlite_log_rows.h"
#include "storage/sqlite_payloads.h"
#include "storage/sqlite_pruner.h"
#include "storage/sqlite_writer.h"
#include "storage/verification.h"
#include "support/process.h"
#include "test_events.h"

namespace storage_test {

namespace {

using base::Kind;
using storage::SqlitePruner;
using testing::ElementsAre;

constexpr std::int64_t kDay = std::int64_t{24} * 3600 * 1000;

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// Does, at a time of the test's choice, all that retention does on a closed log.
void prune(const SqliteLog& sqlite, const storage::RetentionOptions& options, std::int64_t at) {
    storage::SqliteWriter writer(
        storage::SqliteConnection(sqlite.file(), storage::SqliteConnection::Mode::ReadWrite));
    storage::EventKeys keys(writer.connection());
    storage::PayloadStager stager(std::make_unique<storage::SqlitePayloads>(writer, keys), true, [] {});
    std::atomic<base::EventId> oldest =
        static_cast<base::EventId>(writer.connection().integer("SELECT oldest_id FROM log"));
    SqlitePruner pruner(writer, stager, options, oldest, base::make_log({}), [at] { return at; });
    for (bool more = true; more;) {
        const auto next = pruner.step().value();
        more = next <= SqlitePruner::Clock::now() || stager.has_work();
        if (stager.has_work()) stager.step();
    }
}

std::vector<base::EventId> ids(const std::vector<storage::StoredEvent>& events) {
    std::vector<base::EventId> all;
    for (const auto& event : events) all.push_back(event.id);
    return all;
}

std::vector<base::EventId> ids_of(storage::EventLog& log, base::Endpoint endpoint) {
    return ids(log.read({.endpoint = endpoint, .max_events = 10'000, .max_bytes = 1 << 30}).value().events);
}

TEST(Retention, NothingGoesUnlessToldSo) {
    SqliteLog sqlite;
    append(sqlite.log(), signatures(1, 10));
    sqlite.close();
    storage::SqliteWriter writer(
        storage::SqliteConnection(sqlite.file(), storage::SqliteConnection::Mode::ReadWrite));
    storage::EventKeys keys(writer.connection());
    storage::PayloadStager stager(std::make_unique<storage::SqlitePayloads>(writer, keys), true, [] {});
    std::atomic<base::EventId> oldest = 1;
    SqlitePruner pruner(writer, stager, {.keep_kinds = {Kind::Step}}, oldest, base::make_log({}),
                        [] { return now_ms() + 1000 * kDay; });
    EXPECT_FALSE(pruner.step().has_value());
    EXPECT_EQ(oldest, 1U);
}

TEST(Retention, EventsOlderThanTheirAgeGo) {
    SqliteLog sqlite;
    append(sqlite.log(), signatures(1, 1000));
    append(sqlite.log(), {block_added(1), step(1)});
    sqlite.close();
    prune(sqlite, {.max_age_in_days = 3}, now_ms() + 2 * kDay);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event"), 1002);
    prune(sqlite, {.max_age_in_days = 3}, now_ms() + 4 * kDay);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event"), 0);
    sqlite.open();
    EXPECT_EQ(sqlite.log().range().oldest, 1003U);
    EXPECT_TRUE(sqlite.log().range().empty());
    EXPECT_EQ(append_one(sqlite.log(), block_added(2)), 1003U) << "ids are never given twice";
    EXPECT_EQ(ids(read_all(sqlite.log())), std::vector<base::EventId>{1003});
}

TEST(Retention, KeptKindsStayBelowTheOldestId) {
    SqliteLog sqlite;
    append(sqlite.log(), {block_added(1), step(1), block_added(2), fault(1, 1)});
    sqlite.close();
    prune(sqlite, {.max_age_in_days = 1, .keep_kinds = {Kind::BlockAdded}}, now_ms() + 2 * kDay);
    sqlite.open();
    append(sqlite.log(), {step(2)});
    EXPECT_EQ(sqlite.log().range().oldest, 5U);
    EXPECT_THAT(ids_of(sqlite.log(), base::Endpoint::Main), ElementsAre(1, 3, 5));
}

TEST(Retention, WhatARepairKeptBelowTheLostEventsGoesAsWell) {
    SqliteLog sqlite;
    append(sqlite.log(), {block_added(1), step(1), block_added(2), step(2), step(3)});
    sqlite.close();
    storage::SqliteConnection(sqlite.file(), storage::SqliteConnection::Mode::ReadWrite)
        .execute(
            "INSERT INTO pruned_run SELECT id, id, chain_hash FROM event WHERE id = 4; DELETE FROM event "
            "WHERE id = "
            "4; UPDATE log SET oldest_id = 5");
    prune(sqlite, {.max_age_in_days = 3, .keep_kinds = {Kind::BlockAdded}}, now_ms() + 2 * kDay);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event"), 4);
    prune(sqlite, {.max_age_in_days = 1, .keep_kinds = {Kind::BlockAdded}}, now_ms() + 2 * kDay);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT group_concat(id) = '1,3' FROM event"), 1);
    const auto rows = storage::SqliteLogRows::open(sqlite.file());
    EXPECT_TRUE(storage::verify(**rows, {}).value().sound());
}

TEST(Retention, WhatWasDeletedIsKnownForADay) {
    SqliteLog sqlite;
    const auto events = [] {
        auto all = signatures(1, 20);
        for (auto& event : {block_added(1), deploy_processed(1), fault(1, 1)}) all.push_back(event);
        return all;
    }();
    append(sqlite.log(), events);
    sqlite.close();
    const auto pruned_at = now_ms() + 5 * kDay;
    prune(sqlite, {.max_age_in_days = 1}, pruned_at);
    sqlite.open();
    for (const auto id : append(sqlite.log(), events)) EXPECT_EQ(id, 0U) << "a node's replay brings it back";
    sqlite.close();

    prune(sqlite, {.max_age_in_days = 1}, pruned_at + kDay + 1000);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event_key"), 0);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM signature_key"), 0);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM block"), 0);
    sqlite.open();
    EXPECT_EQ(append_one(sqlite.log(), block_added(1)), events.size() + 1);
}

TEST(Retention, TheKeysOfKeptEventsAreNeverForgotten) {
    SqliteLog sqlite;
    append(sqlite.log(), {block_added(1), fault(1, 1)});
    sqlite.close();
    const storage::RetentionOptions options{.max_age_in_days = 1, .keep_kinds = {Kind::BlockAdded}};
    prune(sqlite, options, now_ms() + 5 * kDay);
    prune(sqlite, options, now_ms() + 7 * kDay);
    sqlite.open();
    EXPECT_EQ(append_one(sqlite.log(), block_added(1)), 0U);
    EXPECT_EQ(append_one(sqlite.log(), fault(1, 1)), 3U);
}

TEST(Retention, LargePayloadsGoWithTheirEvents) {
    SqliteLog sqlite;
    const auto large = incompressible_step(1, 3'000'000);
    append(sqlite.log(), {staged(large, stage(sqlite.log(), large))});
    sqlite.close();
    const auto before = std::filesystem::file_size(sqlite.file());
    prune(sqlite, {.max_age_in_days = 1}, now_ms() + 2 * kDay);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM large_payload"), 0);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM payload_part"), 0);
    EXPECT_LT(std::filesystem::file_size(sqlite.file()), before / 3) << "the space is not given back";
}

TEST(Retention, RunsOfDeletedIdsKeepTheChainHashOfTheirEnd) {
    SqliteLog sqlite;
    append(sqlite.log(), {fault(1, 1), fault(1, 2), block_added(1), fault(1, 3)});
    sqlite.close();
    const storage::SqliteConnection connection(sqlite.file(), storage::SqliteConnection::Mode::ReadOnly);
    const auto hash_of = [&](int id) {
        return connection.text("SELECT hex(chain_hash) FROM event WHERE id = " + std::to_string(id));
    };
    const auto second = hash_of(2);
    const auto fourth = hash_of(4);
    prune(sqlite, {.max_age_in_days = 1, .keep_kinds = {Kind::BlockAdded}}, now_ms() + 2 * kDay);
    EXPECT_EQ(connection.text("SELECT group_concat(first_id || '-' || last_id || ':' || hex(end_hash)) FROM "
                              "(SELECT * FROM pruned_run ORDER BY first_id)"),
              "1-2:" + second + ",4-4:" + fourth);
}

TEST(Retention, ALogThatIsTooLargeShrinksWhileItIsWritten) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    options.retention.max_size_in_mb = 2;
    auto log = open_sqlite(options).value();
    for (std::uint64_t era = 0; era < 100; ++era) {
        append(*log, {incompressible_step(era, 100'000)});
    }
    // Between its looks it sleeps; opening looks at once.
    log.reset();
    log = open_sqlite(options).value();
    EXPECT_TRUE(support::eventually([&] { return log->range().oldest > 70; }));
    EXPECT_TRUE(support::eventually([&] { return std::filesystem::file_size(sqlite.file()) < 4'000'000U; }));
    log.reset();
    log = open_sqlite(options).value();
    const auto range = log->range();
    EXPECT_EQ(range.next, 101U);
    const auto events = read_all(*log);
    ASSERT_FALSE(events.empty());
    ASSERT_EQ(events.size(), range.next - range.oldest);
    EXPECT_EQ(events.front().id, range.oldest);
    EXPECT_EQ(events.back().payload, incompressible_step(99, 100'000).payload);
}

}  // namespace

}  // namespace storage_test
