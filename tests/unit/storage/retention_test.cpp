// The deletion of old events, on every database form. What only one form has is at the end, and in
// postgresql_retention_test.cpp.

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "retention_logs.h"
#include "sqlite_log.h"
#include "storage/sqlite.h"
#include "storage/sqlite_log_rows.h"
#include "storage/verification.h"
#include "support/process.h"
#include "test_events.h"

namespace storage_test {

namespace {

using base::Kind;
using storage::RetentionOptions;
using testing::ElementsAre;
using testing::IsEmpty;

class Retention : public testing::TestWithParam<RetentionLogFactory> {
  protected:
    storage::EventLog& log() { return database().log(); }
    RetentionLog& database() { return *database_; }

  private:
    std::unique_ptr<RetentionLog> database_ = GetParam().make();
};

TEST_P(Retention, NothingGoesUnlessToldSo) {
    append(log(), signatures(1, 10));
    database().prune({.keep_kinds = {Kind::Step}}, now_ms() + 1000 * kDay);
    EXPECT_EQ(database().count("event"), 10);
    EXPECT_EQ(log().range().oldest, 1U);
}

TEST_P(Retention, EventsOlderThanTheirAgeGo) {
    append(log(), signatures(1, 1000));
    append(log(), {block_added(1), step(1)});
    database().prune({.max_age_in_days = 3}, now_ms() + 2 * kDay);
    EXPECT_EQ(database().count("event"), 1002);
    database().prune({.max_age_in_days = 3}, now_ms() + 4 * kDay);
    EXPECT_EQ(database().count("event"), 0);
    EXPECT_EQ(log().range().oldest, 1003U);
    EXPECT_TRUE(log().range().empty());
    EXPECT_EQ(append_one(log(), block_added(2)), 1003U) << "ids are never given twice";
    EXPECT_THAT(read_ids(log(), {}), ElementsAre(1003));
}

TEST_P(Retention, KeptKindsStayBelowTheOldestId) {
    append(log(), {block_added(1), step(1), block_added(2), fault(1, 1)});
    database().prune({.max_age_in_days = 1, .keep_kinds = {Kind::BlockAdded}}, now_ms() + 2 * kDay);
    append(log(), {step(2)});
    EXPECT_EQ(log().range().oldest, 5U);
    const storage::ReadRequest main{
        .endpoint = base::Endpoint::Main, .max_events = 10'000, .max_bytes = 1 << 30};
    EXPECT_THAT(read_ids(log(), main), ElementsAre(1, 3, 5));
}

TEST_P(Retention, WhatWasDeletedIsKnownForADay) {
    const RetentionOptions options{.max_age_in_days = 1};
    const auto events = [] {
        auto all = signatures(1, 20);
        for (auto& event : {block_added(1), deploy_processed(1), fault(1, 1)}) all.push_back(event);
        return all;
    }();
    append(log(), events);
    const auto pruned_at = now_ms() + 5 * kDay;
    database().prune(options, pruned_at);
    for (const auto id : append(log(), events)) EXPECT_EQ(id, 0U) << "a node's replay brings it back";

    database().prune(options, pruned_at + kDay + 1000);
    EXPECT_EQ(database().known(), 0);
    EXPECT_EQ(append_one(log(), block_added(1)), events.size() + 1);
    EXPECT_EQ(append_one(log(), signature(1, 3)), events.size() + 2);
    EXPECT_EQ(read_all(log()).back().payload, signature(1, 3).payload);
}

TEST_P(Retention, ADeletedLargePayloadIsNotStagedAgain) {
    const auto large = incompressible_step(1, 1'500'000);
    append(log(), {staged(large, stage(log(), large))});
    database().prune({.max_age_in_days = 1}, now_ms() + 2 * kDay);
    EXPECT_EQ(stage(log(), large), 0U);
}

TEST_P(Retention, TheKeysOfKeptEventsAreNeverForgotten) {
    append(log(), {block_added(1), fault(1, 1)});
    const RetentionOptions options{.max_age_in_days = 1, .keep_kinds = {Kind::BlockAdded}};
    database().prune(options, now_ms() + 5 * kDay);
    database().prune(options, now_ms() + 7 * kDay);
    EXPECT_EQ(append_one(log(), block_added(1)), 0U);
    EXPECT_EQ(append_one(log(), fault(1, 1)), 3U);
}

TEST_P(Retention, KeptSignaturesAreReadForEver) {
    append(log(), signatures(1, 3));
    append(log(), {block_added(1)});
    const RetentionOptions options{.max_age_in_days = 1, .keep_kinds = {Kind::FinalitySignature}};
    database().prune(options, now_ms() + 5 * kDay);
    database().prune(options, now_ms() + 7 * kDay);
    const auto events = log().read({}).value().events;
    ASSERT_EQ(events.size(), 3U);
    for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].payload, signatures(1, 3)[i].payload);
    EXPECT_EQ(append_one(log(), signature(1, 1)), 0U);
}

TEST_P(Retention, LargePayloadsGoWithTheirEvents) {
    const auto large = incompressible_step(1, 3'000'000);
    append(log(), {staged(large, stage(log(), large))});
    database().prune({.max_age_in_days = 1}, now_ms() + 2 * kDay);
    EXPECT_EQ(database().count("large_payload"), 0);
    EXPECT_EQ(database().count("payload_part"), 0);
    EXPECT_THAT(read_all(log()), IsEmpty());
}

TEST_P(Retention, RunsOfDeletedIdsKeepTheChainHashOfTheirEnd) {
    append(log(), {fault(1, 1), fault(1, 2), block_added(1), fault(1, 3)});
    const auto second = database().chain_hash(2);
    const auto fourth = database().chain_hash(4);
    const RetentionOptions options{.max_age_in_days = 1, .keep_kinds = {Kind::BlockAdded}};
    database().prune(options, now_ms() + 2 * kDay);
    EXPECT_EQ(database().runs(), "1-2:" + second + ",4-4:" + fourth);

    append(log(), {fault(1, 4), fault(1, 5), block_added(2), fault(1, 6)});
    const auto sixth = database().chain_hash(6);
    const auto eighth = database().chain_hash(8);
    database().prune(options, now_ms() + 2 * kDay);
    EXPECT_EQ(database().runs(), "1-2:" + second + ",4-6:" + sixth + ",8-8:" + eighth);
}

TEST_P(Retention, ARunGoesOnOverManySteps) {
    append(log(), signatures(1, 700));
    append(log(), {block_added(1)});
    const auto last = database().chain_hash(701);
    database().prune({.max_age_in_days = 1}, now_ms() + 2 * kDay);
    EXPECT_EQ(database().runs(), "1-701:" + last);
}

TEST_P(Retention, ALogThatIsTooLargeShrinksWhileItIsWritten) {
    const auto payload = [](std::uint64_t era) { return incompressible_step(era, 100'000); };
    for (std::uint64_t era = 0; era < 50; ++era) append(log(), {payload(era)});
    // Between its looks it sleeps; opening looks at once.
    database().reopen({.max_size_in_mb = 2});
    for (std::uint64_t era = 50; era < 60; ++era) append(log(), {payload(era)});
    database().reopen({.max_size_in_mb = 2});
    EXPECT_TRUE(support::eventually([&] { return log().range().oldest > 40; }));

    const auto range = log().range();
    EXPECT_EQ(range.next, 61U);
    const auto events = read_all(log());
    ASSERT_FALSE(events.empty());
    EXPECT_GT(events.size(), 10U) << "more than was asked for went";
    ASSERT_EQ(events.size(), range.next - events.front().id);
    EXPECT_EQ(events.back().payload, payload(59).payload);
}

INSTANTIATE_TEST_SUITE_P(Databases, Retention, testing::ValuesIn(retention_log_factories()),
                         [](const auto& factory) { return factory.param.name; });

TEST(SqliteRetention, WhatARepairKeptBelowTheLostEventsGoesAsWell) {
    SqliteLog sqlite;
    append(sqlite.log(), {block_added(1), step(1), block_added(2), step(2), step(3)});
    sqlite.close();
    storage::SqliteConnection(sqlite.file(), storage::SqliteConnection::Mode::ReadWrite)
        .execute(
            "INSERT INTO pruned_run SELECT id, id, chain_hash FROM event WHERE id = 4;"
            "DELETE FROM event WHERE id = 4; UPDATE log SET oldest_id = 5");
    prune_sqlite(sqlite.file(), {.max_age_in_days = 3, .keep_kinds = {Kind::BlockAdded}},
                 now_ms() + 2 * kDay);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT count(*) FROM event"), 4);
    prune_sqlite(sqlite.file(), {.max_age_in_days = 1, .keep_kinds = {Kind::BlockAdded}},
                 now_ms() + 2 * kDay);
    EXPECT_EQ(query_integer(sqlite.file(), "SELECT group_concat(id) = '1,3' FROM event"), 1);
    const auto rows = storage::open_sqlite_log_rows(sqlite.file());
    EXPECT_TRUE(storage::verify(**rows, {}).value().sound());
}

TEST(SqliteRetention, TheFileBecomesSmaller) {
    SqliteLog sqlite;
    for (std::uint64_t era = 0; era < 100; ++era) append(sqlite.log(), {incompressible_step(era, 100'000)});
    sqlite.close();
    auto options = sqlite.options();
    options.retention.max_size_in_mb = 2;
    const auto log = open_sqlite(options).value();
    EXPECT_TRUE(support::eventually([&] { return std::filesystem::file_size(sqlite.file()) < 4'000'000U; }));
}

}  // namespace

}  // namespace storage_test
