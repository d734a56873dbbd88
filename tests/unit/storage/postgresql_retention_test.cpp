// The deletion of old events in PostgreSQL, as several instances see it.

#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pqxx/pqxx>
#include <string>

#include "postgresql_log.h"
#include "postgresql_pruning.h"
#include "storage/event_finder.h"
#include "support/process.h"
#include "test_events.h"

namespace storage_test {

namespace {

using storage::RetentionOptions;
using support::eventually;
using support::PostgresqlServer;

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr storage::UnixMs kNow = 1'000'000'000;
constexpr storage::UnixMs kDayLater = kNow + storage::kKeysAreKnownFor + 1;

class PostgresqlRetention : public testing::Test {
  protected:
    /// A connection beside the logs, for transactions of the test's own.
    [[nodiscard]] pqxx::connection connect() {
        return pqxx::connection(PostgresqlServer::shared().connection_string(postgresql.database()) +
                                " application_name=other");
    }
    [[nodiscard]] storage::EventLog& log() { return postgresql.log(); }

    /// Whether a statement of a log comes to wait for a lock.
    [[nodiscard]] bool somebody_waits() {
        return eventually([&] {
            return postgresql.query(
                       "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
                       "application_name = 'event-sidecar' AND datname = current_database()") == "t";
        });
    }

    /// The account that the head keeps, and what it should be.
    [[nodiscard]] std::string stored_bytes() {
        return postgresql.query("SELECT stored_bytes FROM event_sidecar.log");
    }
    [[nodiscard]] std::string counted_bytes() {
        return postgresql.query(
            "SET search_path = event_sidecar; SELECT coalesce(sum(stored_bytes(kind, payload, key_first, "
            "key_second, large_payload)), 0) FROM event");
    }

    PostgresqlLog postgresql;
};

constexpr auto* kTakeTurn = "SELECT event_sidecar.take_pruning_turn()";

TEST_F(PostgresqlRetention, OneInstanceDeletesAtATime) {
    append(log(), signatures(1, 10));
    PostgresqlPruning pruning(postgresql);
    auto other = connect();
    pqxx::work turn(other);
    turn.exec(kTakeTurn);
    EXPECT_FALSE(pruning.tables.delete_events(11, kNow).has_value());
    EXPECT_EQ(pruning.tables.state().range.oldest, 1U);
    turn.commit();
    EXPECT_TRUE(pruning.tables.delete_events(11, kNow).has_value());
    EXPECT_EQ(pruning.tables.state().range.oldest, 11U);
}

TEST_F(PostgresqlRetention, AnotherGoesOnWhereTheOneThatDiedLeftOff) {
    append(log(), signatures(1, 10));
    PostgresqlPruning pruning(postgresql);
    auto dying = connect();
    pqxx::work step(dying);
    step.exec("SET search_path = event_sidecar");
    step.exec("SELECT prune(1, 9, '{}', 256, 100000, 5, 1, 1)");
    EXPECT_FALSE(pruning.tables.delete_events(6, kNow).has_value());
    postgresql.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'other'");
    EXPECT_TRUE(eventually([&] { return pruning.tables.delete_events(6, kNow).has_value(); }));
    EXPECT_EQ(pruning.tables.state().range.oldest, 6U);
    EXPECT_EQ(postgresql.query("SELECT count(*) FROM event_sidecar.event"), "5");
    EXPECT_EQ(postgresql.query("SELECT count(*) FROM event_sidecar.pruned_key"), "5");
}

TEST_F(PostgresqlRetention, AnInstanceThatLostItsConnectionsDeletesOn) {
    postgresql.close();
    postgresql.options().retention = RetentionOptions{.max_size_in_mb = 1};
    postgresql.open();
    const PostgresqlLog second(postgresql, "two");
    for (std::uint64_t era = 0; era < 60; ++era) append(log(), {incompressible_step(era, 100'000)});
    postgresql.reopen();
    postgresql.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'event-sidecar' AND "
        "datname = current_database()");
    EXPECT_TRUE(eventually([&] { return log().range().oldest > 45; }));
    EXPECT_EQ(stored_bytes(), counted_bytes());
}

TEST_F(PostgresqlRetention, AnotherInstanceLearnsOfTheOldestId) {
    PostgresqlLog second(postgresql, "two");
    append(log(), signatures(1, 10));
    ASSERT_TRUE(eventually([&] { return second.log().range().next == 11; }));
    PostgresqlPruning pruning(postgresql);
    (void)pruning.tables.delete_events(8, kNow);
    EXPECT_TRUE(eventually([&] { return second.log().range().oldest == 8; }));
    EXPECT_TRUE(eventually([&] { return log().range().oldest == 8; }));
    EXPECT_EQ(log().range().next, 11U);
}

/// By this a replay knows that it was overtaken.
TEST_F(PostgresqlRetention, WhoReadsAPageKnowsWhatItCannotHold) {
    append(log(), signatures(1, 10));
    PostgresqlPruning pruning(postgresql);
    for (const base::EventId oldest : {4, 6, 9}) {
        (void)pruning.tables.delete_events(oldest, kNow);
        const auto page = log().read({.from = 1, .to = 8}).value();
        EXPECT_EQ(log().range().oldest, oldest);
        EXPECT_EQ(page.next, 8U);
    }
}

TEST_F(PostgresqlRetention, AnAppendDoesNotWaitForADeletion) {
    const auto batch = signatures(1, 10);
    append(log(), batch);
    auto other = connect();
    pqxx::work deletion(other);
    deletion.exec(kTakeTurn);
    deletion.exec("DELETE FROM event_sidecar.event WHERE id < 6");
    deletion.exec("INSERT INTO event_sidecar.pruned_key VALUES (1, 1, 1, 6)");
    // Were one to wait for it, it would be given up: the deletion ends after them.
    EXPECT_THAT(append(log(), batch), Each(0U));
    EXPECT_THAT(append(log(), {signature(1, 11), block_added(1)}), ElementsAre(11, 12));
    EXPECT_EQ(read_ids(log(), {.from = 1}).size(), 12U);
    deletion.commit();
    EXPECT_EQ(read_ids(log(), {.from = 1}).size(), 7U);
}

TEST_F(PostgresqlRetention, AnAppendThatFoundAForgottenHashLooksAgain) {
    append(log(), {signature(1, 1)});
    PostgresqlPruning pruning(postgresql);
    (void)pruning.tables.delete_events(2, kNow);

    auto other = connect();
    pqxx::work head(other);
    head.exec("SELECT * FROM event_sidecar.log FOR UPDATE");
    auto appended = std::async(std::launch::async, [&] { return append(log(), {signature(1, 2)}); });
    ASSERT_TRUE(somebody_waits());
    head.exec("DELETE FROM event_sidecar.pruned_key; DELETE FROM event_sidecar.hash");
    head.exec("UPDATE event_sidecar.log SET forgotten = forgotten + 1");
    head.commit();
    EXPECT_THAT(appended.get(), ElementsAre(2));
    EXPECT_EQ(read_all(log()).at(0).payload, signature(1, 2).payload);
}

TEST_F(PostgresqlRetention, HashesAreForgottenWithTheirLastEvent) {
    append(log(), {signature(1, 1), signature(1, 2), signature(2, 1), deploy_processed(7), signature(2, 2)});
    PostgresqlPruning pruning(postgresql);
    const auto forget = [&](storage::UnixMs at) {
        while (pruning.tables.forget_keys(at)) {
        }
        return postgresql.query("SELECT count(*) FROM event_sidecar.hash");
    };
    const auto hashes = std::stoi(forget(kNow));
    (void)pruning.tables.delete_events(4, kNow);
    EXPECT_EQ(std::stoi(forget(kNow)), hashes) << "the keys are still known";
    EXPECT_EQ(std::stoi(forget(kDayLater)), hashes - 1) << "block 2 has a signature yet";
    (void)pruning.tables.delete_events(6, kDayLater);
    EXPECT_EQ(forget(kDayLater + storage::kKeysAreKnownFor + storage::kBetweenNotes), "0");
    EXPECT_EQ(stored_bytes(), "0");
}

TEST_F(PostgresqlRetention, TheAccountOfTheSizeIsThatOfTheRows) {
    const auto large = incompressible_step(1, 1'500'000);
    auto batch = signatures(1, 20);
    batch.push_back(block_added(1));
    batch.push_back(step(2, 50'000));
    append(log(), batch);
    append(log(), {staged(large, stage(log(), large)), fault(3, 1)});
    EXPECT_EQ(stored_bytes(), counted_bytes());
    const auto before = std::stoll(stored_bytes());
    EXPECT_GT(before, 1'500'000);
    PostgresqlPruning pruning(postgresql, {base::Kind::BlockAdded});
    while (pruning.tables.state().range.oldest < 25) (void)pruning.tables.delete_events(25, kNow);
    EXPECT_EQ(stored_bytes(), counted_bytes());
    EXPECT_LT(std::stoll(stored_bytes()), before - 1'500'000);
    while (pruning.tables.forget_keys(kDayLater)) {
    }
    EXPECT_EQ(stored_bytes(), counted_bytes());
}

TEST_F(PostgresqlRetention, AStepIsLimitedInBytes) {
    for (std::uint64_t era = 0; era < 12; ++era) append(log(), {incompressible_step(era, 100'000)});
    PostgresqlPruning pruning(postgresql);
    (void)pruning.tables.delete_events(13, kNow);
    const auto oldest = pruning.tables.state().range.oldest;
    EXPECT_GT(oldest, 1U);
    EXPECT_LE((oldest - 2) * 100'000, storage::kMostBytesPruned);
}

TEST_F(PostgresqlRetention, AnEventDeletedWhileItIsReadIsMissing) {
    const auto large = incompressible_step(1, 1'500'000);
    append(log(), {staged(large, stage(log(), large)), block_added(1)});
    auto other = connect();
    pqxx::work deletion(other);
    deletion.exec("LOCK TABLE event_sidecar.payload_part IN ACCESS EXCLUSIVE MODE");
    auto read =
        std::async(std::launch::async, [&] { return read_ids(log(), {.from = 1, .max_bytes = 1 << 30}); });
    ASSERT_TRUE(somebody_waits());
    deletion.exec("DELETE FROM event_sidecar.event WHERE id = 1");
    deletion.exec("DELETE FROM event_sidecar.payload_part; UPDATE event_sidecar.log SET oldest_id = 2");
    deletion.commit();
    EXPECT_THAT(read.get(), ElementsAre(2));
    EXPECT_EQ(log().range().oldest, 2U);
}

// --- space ---

TEST_F(PostgresqlRetention, TheTableBecomesSmaller) {
    for (std::uint64_t block = 0; block < 20; ++block) {
        append(log(), signatures(block, 1000));
        append(log(), {step(block, 20'000), block_added(block)});
    }
    const auto size = [&] {
        return std::stoll(postgresql.query("SELECT pg_relation_size('event_sidecar.event')"));
    };
    const auto before = size();
    PostgresqlPruning pruning(postgresql);
    while (pruning.tables.state().range.oldest < 18'000) (void)pruning.tables.delete_events(18'000, kNow);
    const auto kept = read_all(log());
    EXPECT_FALSE(pruning.tables.give_back_space()) << "no vacuum has made space free";

    postgresql.query("VACUUM event_sidecar.event");
    ASSERT_TRUE(pruning.tables.give_back_space());
    append(log(), {block_added(1000)});
    while (pruning.tables.give_back_space()) {
    }
    postgresql.query("VACUUM event_sidecar.event");
    EXPECT_LT(size(), before / 3);

    const auto events = read_all(log());
    ASSERT_EQ(events.size(), kept.size() + 1);
    for (std::size_t i = 0; i < kept.size(); ++i) {
        ASSERT_EQ(events[i].id, kept[i].id);
        ASSERT_EQ(events[i].payload, kept[i].payload);
    }
    EXPECT_EQ(append_one(log(), signature(19, 7)), 0U);
    EXPECT_EQ(stored_bytes(), counted_bytes());
}

TEST_F(PostgresqlRetention, RowsMoveForwardOnly) {
    append(log(), signatures(1, 1000));
    const auto places = [&] {
        return postgresql.query(
            "SELECT md5(string_agg(ctid::text, ',' ORDER BY id)) FROM event_sidecar.event");
    };
    const auto before = places();
    postgresql.query("VACUUM event_sidecar.event");
    EXPECT_EQ(postgresql.query("SET search_path = event_sidecar; SELECT compact(0, 8, 100000)"), "");
    EXPECT_EQ(places(), before);
}

// --- databases of an older version ---

TEST_F(PostgresqlRetention, ASchemaOfVersion1IsMigrated) {
    append(log(), signatures(1, 5));
    append(log(), {step(1, 5000), block_added(1)});
    const auto expected = counted_bytes();
    postgresql.close();
    postgresql.query(
        "SET search_path = event_sidecar; DROP TABLE pruned_run, pruned_key, pruning, node_gap; "
        "ALTER TABLE log DROP COLUMN stored_bytes, DROP COLUMN forgotten; "
        "DROP FUNCTION prune, compact, event_space, forget_keys, forget_hashes, note_oldest, "
        "take_pruning_turn, stored_bytes; "
        "DROP INDEX event_height, event_block, event_account, event_rare; "
        "CREATE INDEX event_height ON event (height) WHERE height IS NOT NULL; "
        "CREATE INDEX event_block ON event (block) WHERE block IS NOT NULL AND kind <> 6; "
        "CREATE INDEX event_account ON event (account) WHERE account IS NOT NULL; "
        "UPDATE schema_version SET version = 1");
    postgresql.open();
    EXPECT_EQ(postgresql.query("SELECT version FROM event_sidecar.schema_version"), "4");
    EXPECT_EQ(log().finder().events({.kind = base::Kind::Step})->entries.size(), 1U);
    EXPECT_EQ(stored_bytes(), expected);
    EXPECT_EQ(append_one(log(), block_added(1)), 0U);
    EXPECT_EQ(append_one(log(), block_added(2)), 8U);
    EXPECT_EQ(stored_bytes(), counted_bytes());
    PostgresqlPruning pruning(postgresql);
    EXPECT_TRUE(pruning.tables.delete_events(9, kNow).has_value());
    EXPECT_THAT(read_ids(log(), {}), IsEmpty());
}

}  // namespace

}  // namespace storage_test
