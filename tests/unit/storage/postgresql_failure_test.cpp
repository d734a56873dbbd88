// What can go wrong with the PostgreSQL form of the log: the server, its connections, the database.

#include <atomic>
#include <chrono>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pqxx/pqxx>
#include <string>

#include "postgresql_log.h"
#include "storage/postgresql.h"
#include "support/process.h"
#include "test_events.h"

namespace storage_test {

namespace {

using namespace std::chrono_literals;
using base::Error;
using support::eventually;
using support::PostgresqlServer;

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kTerminate =
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE application_name = 'event-sidecar' AND datname = current_database()";

/// A server of its own, which the test may stop.
class PostgresqlOutage : public testing::Test {
  protected:
    PostgresqlOutage() {
        options_.database = to_options(server_, server_.lend_database());
        options_.instance_name = "one";
    }
    void open() {
        log_ = storage::PostgresqlEventLog::open(options_, base::make_null_log(), metrics_).value();
    }

    PostgresqlServer server_;
    base::Metrics metrics_;
    storage::Options options_;
    std::unique_ptr<storage::PostgresqlEventLog> log_;
};

TEST_F(PostgresqlOutage, AServerThatCrashesAndComesBackLosesNothing) {
    open();
    append(*log_, {block_added(1), from_node(block_added(2), "a", 5)});
    server_.stop_immediately();

    const base::EventBatch batch{block_added(2), block_added(3), step(1)};
    const auto refused = log_->append(batch, "casper-test");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().category, Error::Category::Unavailable);
    EXPECT_THAT(refused.error().message, Not(HasSubstr("\n")));
    EXPECT_EQ(log_->read({}).error().category, Error::Category::Unavailable);
    EXPECT_EQ(log_->range().next, 3U);
    auto staged_number = std::make_shared<std::promise<std::uint64_t>>();
    log_->stage(std::make_shared<const base::Event>(step(9, 1'500'000)),
                [staged_number](std::uint64_t number) { staged_number->set_value(number); });

    server_.start();
    EXPECT_THAT(append(*log_, batch), ElementsAre(0, 3, 4));
    EXPECT_EQ(read_all(*log_).size(), 4U);
    const auto number = staged_number->get_future().get();
    EXPECT_THAT(append(*log_, {staged(step(9, 1'500'000), number)}), ElementsAre(5));
}

TEST_F(PostgresqlOutage, AServerThatHangsIsAnOutage) {
    open();
    append(*log_, {block_added(1)});
    server_.freeze();
    const auto begin = std::chrono::steady_clock::now();
    const auto refused = log_->append(base::EventBatch{block_added(2)}, "");
    server_.thaw();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().category, Error::Category::Unavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 60s);
    EXPECT_TRUE(eventually([&] { return log_->append(base::EventBatch{block_added(2)}, "").has_value(); }));
    EXPECT_EQ(read_all(*log_).size(), 2U);
}

TEST_F(PostgresqlOutage, NoSecretIsInAnyError) {
    auto& database = std::get<storage::PostgresqlOptions>(options_.database);
    const auto message = [&] {
        const auto opened = storage::PostgresqlEventLog::open(options_, base::make_null_log(), metrics_);
        return opened ? std::string("it opened") : opened.error().message;
    };
    for (const std::string wrong :
         {"wrong-secret", "wrong' secret \\", "wrong=secret dbname=x", "'wrong-secret"}) {
        database.database_password = wrong;
        EXPECT_THAT(message(),
                    AllOf(HasSubstr("password authentication failed"), Not(HasSubstr("secret")),
                          HasSubstr("127.0.0.1:" + std::to_string(server_.port())), Not(HasSubstr("\n"))));
    }
    database.database_password = PostgresqlServer::kPassword;
    database.database_name = "missing";
    EXPECT_THAT(message(), AllOf(HasSubstr("missing"), Not(HasSubstr("secret"))));
    server_.stop_immediately();
    EXPECT_THAT(message(), AllOf(HasSubstr("refused"), Not(HasSubstr("secret"))));
}

TEST(PostgresqlFailure, TerminatedConnectionsAreMadeAgain) {
    PostgresqlLog postgresql;
    auto& log = postgresql.log();
    append(log, {block_added(1)});
    for (std::uint64_t block = 2; block < 6; ++block) {
        ASSERT_NE(postgresql.query(kTerminate), "0");
        ASSERT_TRUE(
            eventually([&] { return log.append(base::EventBatch{block_added(block)}, "").has_value(); }));
        ASSERT_TRUE(eventually([&] { return log.read({}).has_value(); }));
    }
    EXPECT_EQ(read_all(log).size(), 5U);
    std::atomic<bool> told{false};
    log.watch([&] { told = true; });
    PostgresqlLog other(postgresql, "two");
    append(other.log(), {block_added(6)});
    EXPECT_TRUE(eventually([&] { return told.load(); }));
    log.watch({});
}

TEST(PostgresqlFailure, ABatchWhoseAnswerWasLostIsKnownTheNextTime) {
    PostgresqlLog postgresql;
    auto& log = postgresql.log();
    const base::EventBatch batch{block_added(1), signature(1, 1), api_version("1.5.6"), block_added(2)};
    {
        // The same statement as append() sends, from a process that dies before it reads the answer.
        PostgresqlLog lost(postgresql, "one-before");
        append(lost.log(), batch);
    }
    const auto appended = log.append(batch, "casper-test");
    ASSERT_TRUE(appended);
    EXPECT_THAT(appended->ids, ElementsAre(0, 0, 0, 0));
    EXPECT_EQ(log.range().next, 4U);
    EXPECT_THAT(read_ids(log, {}), ElementsAre(1, 2, 3));
}

TEST(PostgresqlFailure, ALockOnTheHeadIsAnOutage) {
    PostgresqlLog postgresql;
    append(postgresql.log(), {block_added(1)});
    {
        auto& server = PostgresqlServer::shared();
        pqxx::connection other(server.connection_string(postgresql.database()));
        pqxx::work holder(other);
        holder.exec("SELECT * FROM event_sidecar.log FOR UPDATE");
        const auto refused = postgresql.log().append(base::EventBatch{block_added(2)}, "");
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().category, Error::Category::Unavailable);
        EXPECT_THAT(refused.error().message, HasSubstr("lock"));
        // What is known needs no lock, nor does reading.
        EXPECT_THAT(append(postgresql.log(), {block_added(1)}, ""), ElementsAre(0));
        EXPECT_EQ(read_all(postgresql.log()).size(), 1U);
    }
    EXPECT_EQ(append_one(postgresql.log(), block_added(2)), 2U);
}

TEST(PostgresqlFailure, AReadOnlyDatabaseIsAnOutage) {
    PostgresqlLog postgresql;
    append(postgresql.log(), {block_added(1)});
    const auto database = "ALTER DATABASE " + postgresql.database();
    (void)postgresql.query(database + " SET default_transaction_read_only = on");
    (void)postgresql.query(kTerminate);
    EXPECT_TRUE(eventually([&] { return postgresql.log().read({}).has_value(); }));
    ASSERT_TRUE(eventually([&] {
        const auto refused = postgresql.log().append(base::EventBatch{block_added(2)}, "");
        return !refused && refused.error().message.find("read-only") != std::string::npos &&
               refused.error().category == Error::Category::Unavailable;
    }));
    (void)postgresql.query(database + " RESET default_transaction_read_only");
    (void)postgresql.query(kTerminate);
    ASSERT_TRUE(eventually(
        [&] { return postgresql.log().append(base::EventBatch{block_added(2)}, "").has_value(); }));
    EXPECT_EQ(read_all(postgresql.log()).size(), 2U);
}

TEST(PostgresqlFailure, ANewerSchemaIsRefusedAndLeftAlone) {
    PostgresqlLog postgresql;
    postgresql.close();
    (void)postgresql.query("UPDATE event_sidecar.schema_version SET version = 99");
    const auto opened = postgresql.try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().category, Error::Category::Invalid);
    EXPECT_THAT(opened.error().message, AllOf(HasSubstr("schema 99"), HasSubstr("newer version")));
    EXPECT_EQ(postgresql.query("SELECT version FROM event_sidecar.schema_version"), "99");
    EXPECT_EQ(postgresql.query("SELECT count(*) FROM event_sidecar.instance"), "1");
}

TEST(PostgresqlFailure, ASchemaOfAnotherProgramIsLeftAlone) {
    PostgresqlLog postgresql(false);
    (void)postgresql.query("CREATE SCHEMA event_sidecar; CREATE TABLE event_sidecar.event (x int)");
    const auto opened = postgresql.try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().category, Error::Category::Invalid);
    EXPECT_THAT(opened.error().message, HasSubstr("another program"));
    EXPECT_EQ(postgresql.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'event_sidecar'"), "1");
}

TEST(PostgresqlFailure, DamagedRowsAreCorrupt) {
    PostgresqlLog postgresql;
    append(postgresql.log(), {block_added(1), signature(1, 1)});
    (void)postgresql.query("UPDATE event_sidecar.event SET encoding = 9 WHERE id = 1");
    EXPECT_EQ(postgresql.log().read({}).error().category, Error::Category::Corrupt);
    (void)postgresql.query("UPDATE event_sidecar.event SET encoding = 1, payload = '\\x00ff00' WHERE id = 1");
    EXPECT_EQ(postgresql.log().read({}).error().category, Error::Category::Corrupt);
    EXPECT_TRUE(postgresql.log().read({.endpoint = {}, .from = 2}));
    postgresql.close();
    (void)postgresql.query("DELETE FROM event_sidecar.log");
    const auto opened = postgresql.try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().category, Error::Category::Corrupt);
}

TEST(PostgresqlFailure, NoMoreConnectionsThanAllowed) {
    for (const std::uint32_t most : {1U, 2U, 4U, 6U}) {
        PostgresqlLog postgresql(false);
        std::get<storage::PostgresqlOptions>(postgresql.options().database).max_connections_in_pool = most;
        postgresql.open();
        std::atomic<bool> done{false};
        std::atomic<int> problems{0};
        std::vector<std::jthread> readers;
        for (int i = 0; i < 8; ++i) {
            readers.emplace_back([&] {
                while (!done) problems += postgresql.log().read({}) ? 0 : 1;
            });
        }
        int greatest = 0;
        for (std::uint64_t block = 0; block < 20; ++block) {
            append(postgresql.log(), {block_added(block)});
            (void)stage(postgresql.log(), step(block, 1'100'000));
            greatest = std::max(greatest, std::stoi(postgresql.query(
                                              "SELECT count(*) FROM pg_stat_activity WHERE application_name "
                                              "= 'event-sidecar' AND datname = current_database()")));
        }
        done = true;
        readers.clear();
        EXPECT_EQ(problems, 0);
        EXPECT_GE(greatest, 1);
        EXPECT_LE(greatest, static_cast<int>(most));
    }
}

TEST(PostgresqlFailure, TheRustSidecarsIndexIsHonouredByAnEmptyLog) {
    const support::TemporaryFolder folder;
    support::write_file(folder.path() / "sse_index", std::string("\x39\x30\x00\x00", 4));
    PostgresqlLog postgresql(false);
    postgresql.options().storage_path = folder.path().string();
    postgresql.open();
    EXPECT_EQ(append_one(postgresql.log(), block_added(1)), 12345U);
    EXPECT_EQ(postgresql.log().range().oldest, 12345U);
    support::write_file(folder.path() / "sse_index", std::string("\x00\x00\x01\x00", 4));
    postgresql.reopen();
    EXPECT_EQ(append_one(postgresql.log(), block_added(2)), 12346U);
}

}  // namespace

}  // namespace storage_test
