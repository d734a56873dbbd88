// The queries of a PostgreSQL log: other instances, outages, damage, plans.

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pqxx/pqxx>
#include <string>
#include <thread>
#include <vector>

#include "event_finder_contract.h"
#include "postgresql_log.h"
#include "storage/event_finder.h"
#include "support/process.h"
#include "test_events.h"

namespace storage_test {

namespace {

using base::Error;
using base::Filter;
using base::Kind;
using support::eventually;
using support::PostgresqlServer;
using testing::ElementsAre;

TEST(PostgresqlEventFinder, AnotherInstancesOwnShutdownIsNotGiven) {
    PostgresqlLog first;
    PostgresqlLog second(first, "two");
    append(first.log(), {shutdown(Filter::Sidecar, 1), block_added(1), shutdown(Filter::Main, 2)});
    append(second.log(), {shutdown(Filter::Sidecar, 3)});
    EXPECT_THAT(ids_of(first.log().finder().events({.kind = Kind::Shutdown}).value().entries),
                ElementsAre(3, 1));
    EXPECT_THAT(ids_of(second.log().finder().events({.kind = Kind::Shutdown}).value().entries),
                ElementsAre(4, 3));
    EXPECT_THAT(ids_of(first.log().finder().events({}).value().entries), ElementsAre(3, 2, 1));
    EXPECT_THAT(ids_of(second.log().finder().events({.limits = {.max_entries = 2}}).value().entries),
                ElementsAre(4, 3));
    EXPECT_TRUE(second.log().finder().block_at(1).value()) << "all else is one log";
}

TEST(PostgresqlEventFinder, AnOutageIsAnErrorAndEndsByItself) {
    PostgresqlServer server;
    storage::Options options;
    options.database = to_options(server, server.lend_database());
    options.instance_name = "one";
    base::Metrics metrics;
    const auto log = storage::PostgresqlEventLog::open(options, base::make_null_log(), metrics).value();
    append(*log, {block_added(1), signature(1, 1)});
    const auto& finder = log->finder();
    ASSERT_TRUE(finder.newest_block().value());

    server.stop_immediately();
    EXPECT_EQ(finder.newest_block().error().category, Error::Category::Unavailable);
    EXPECT_EQ(finder.deploy(hash(1)).error().category, Error::Category::Unavailable);
    EXPECT_EQ(finder.signatures_of(hash(1)).error().category, Error::Category::Unavailable);
    EXPECT_EQ(finder.events({}).error().category, Error::Category::Unavailable);
    EXPECT_EQ(finder.deploys({}).error().category, Error::Category::Unavailable);
    EXPECT_EQ(finder.read_large(1).error().category, Error::Category::Unavailable);

    server.start();
    EXPECT_TRUE(eventually([&] { return finder.newest_block().has_value(); }));
    EXPECT_EQ(finder.signatures_of(hash(1)).value().size(), 1U);
}

TEST(PostgresqlEventFinder, ATerminatedConnectionIsMadeAgainWithinTheCall) {
    PostgresqlLog postgresql;
    append(postgresql.log(), {block_added(1)});
    const auto& finder = postgresql.log().finder();
    ASSERT_TRUE(finder.newest_block().value());
    (void)postgresql.query(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE application_name = 'event-sidecar' AND datname = current_database()");
    EXPECT_TRUE(finder.newest_block().value());
}

TEST(PostgresqlEventFinder, DamagedRowsAreCorrupt) {
    PostgresqlLog postgresql;
    const auto large = incompressible_step(1, 1'500'000);
    append(postgresql.log(), {block_added(1), staged(large, stage(postgresql.log(), large))});
    const auto& finder = postgresql.log().finder();
    const auto number = finder.step(1).value()->large;
    (void)postgresql.query("UPDATE event_sidecar.event SET encoding = 9 WHERE id = 1");
    EXPECT_EQ(finder.block_at(1).error().category, Error::Category::Corrupt);
    EXPECT_EQ(finder.blocks({}).error().category, Error::Category::Corrupt);
    (void)postgresql.query("UPDATE event_sidecar.event SET payload = NULL WHERE id = 1");
    EXPECT_EQ(finder.block_at(1).error().category, Error::Category::Corrupt);
    (void)postgresql.query("DELETE FROM event_sidecar.payload_part WHERE seq = 1");
    EXPECT_EQ(finder.read_large(number).error().category, Error::Category::Corrupt);
    EXPECT_TRUE(finder.step(1).value());
}

TEST(PostgresqlEventFinder, ALargePayloadThatIsJustDeletedIsNotThere) {
    PostgresqlLog postgresql;
    const auto large = incompressible_step(1, 1'500'000);
    append(postgresql.log(), {staged(large, stage(postgresql.log(), large))});
    const auto number = postgresql.log().finder().step(1).value()->large;
    // As between two steps of the deletion.
    (void)postgresql.query(
        "DELETE FROM event_sidecar.event; UPDATE event_sidecar.large_payload SET appended = false; "
        "DELETE FROM event_sidecar.payload_part WHERE seq = 0");
    EXPECT_FALSE(postgresql.log().finder().read_large(number).value());
}

TEST(PostgresqlEventFinder, NoMoreConnectionsThanAllowed) {
    for (const std::uint32_t most : {1U, 4U, 5U, 7U}) {
        PostgresqlLog postgresql(false);
        std::get<storage::PostgresqlOptions>(postgresql.options().database).max_connections_in_pool = most;
        postgresql.open();
        std::atomic<bool> done = false;
        std::atomic<int> problems = 0;
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&, i] {
                auto& log = postgresql.log();
                while (!done) problems += (i % 2 == 0 ? !log.read({}) : !log.finder().events({})) ? 1 : 0;
            });
        }
        int greatest = 0;
        for (std::uint64_t block = 0; block < 10; ++block) {
            append(postgresql.log(), {block_added(block)});
            greatest = std::max(greatest, std::stoi(postgresql.query(
                                              "SELECT count(*) FROM pg_stat_activity WHERE application_name "
                                              "= 'event-sidecar' AND datname = current_database()")));
        }
        done = true;
        threads.clear();
        EXPECT_EQ(problems, 0);
        EXPECT_LE(greatest, static_cast<int>(most));
    }
}

}  // namespace

}  // namespace storage_test
