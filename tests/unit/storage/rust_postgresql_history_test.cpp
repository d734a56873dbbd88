#include "storage/rust_postgresql_history.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "support/payloads.h"
#include "support/postgresql.h"

namespace storage_test {

namespace {

using base::Kind;
using storage::HistoryFault;
using storage::HistoryRow;
using storage::RustPostgresqlHistory;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kTables = R"sql(
CREATE TABLE event_type (event_type_id smallint NOT NULL PRIMARY KEY, event_type_name varchar NOT NULL UNIQUE);
INSERT INTO event_type VALUES (1, 'BlockAdded'), (2, 'DeployAccepted'), (3, 'DeployExpired'),
    (4, 'DeployProcessed'), (5, 'Fault'), (6, 'FinalitySignature'), (7, 'Step'), (8, 'Shutdown');
CREATE TABLE event_log (event_log_id bigserial NOT NULL PRIMARY KEY, event_type_id smallint NOT NULL,
    event_source_address varchar NOT NULL, event_id bigint NOT NULL, event_key varchar NOT NULL,
    inserted_timestamp timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, api_version varchar NOT NULL,
    network_name varchar NOT NULL);
CREATE TABLE "BlockAdded" (raw text NOT NULL, event_log_id bigint NOT NULL);
CREATE TABLE "DeployAccepted" (raw text NOT NULL, event_log_id bigint NOT NULL);
CREATE TABLE "DeployProcessed" (raw text NOT NULL, event_log_id bigint NOT NULL);
CREATE TABLE "DeployExpired" (raw bytea NOT NULL, event_log_id bigint NOT NULL);
CREATE TABLE "Fault" (raw text NOT NULL, event_log_id bigint NOT NULL);
CREATE TABLE "FinalitySignature" (raw text NOT NULL, event_log_id bigint NOT NULL);
CREATE TABLE "Step" (raw text NOT NULL, event_log_id bigint NOT NULL);
CREATE TABLE "Shutdown" (event_source_address varchar NOT NULL, event_log_id bigint NOT NULL);
)sql";

constexpr std::string_view kEveryTable =
    R"(event_log, event_type, "BlockAdded", "DeployAccepted", "DeployProcessed", "DeployExpired", "Fault",
       "FinalitySignature", "Step", "Shutdown")";

std::string percent_encoded(std::string_view text) {
    std::string result;
    for (const char c : text) result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return result;
}

class RustPostgresql : public testing::Test {
  protected:
    RustPostgresql() { run(std::string(kTables)); }
    ~RustPostgresql() override {
        run("DROP TABLE IF EXISTS " + std::string(kEveryTable));
        server_.give_back(database_);
    }

    void run(const std::string& sql) const { server_.query(database_, sql); }

    void add(Kind kind, const std::string& raw, const std::string& network = "casper-test") {
        const auto name = base::row_of(kind).name;
        rows_ += 1;
        run(fmt::format(
            "INSERT INTO event_log (event_log_id, event_type_id, event_source_address, event_id, "
            "event_key, api_version, network_name) VALUES ({0}, (SELECT event_type_id FROM event_type "
            "WHERE event_type_name = '{1}'), '127.0.0.1', {2}, '{0}', '1.5.6', '{3}')",
            rows_, name, rows_ + 4'000'000'000U, network));
        if (kind == Kind::Shutdown) {
            run(fmt::format("INSERT INTO \"Shutdown\" VALUES ('127.0.0.1', {})", rows_));
        } else {
            const auto* conversion = kind == Kind::DeployExpired ? "::text::bytea" : "";
            run(fmt::format("INSERT INTO \"{}\" VALUES ($raw${}$raw${}, {})", name, raw, conversion, rows_));
        }
    }

    [[nodiscard]] std::string uri(const std::string& password = support::PostgresqlServer::kPassword) const {
        return fmt::format("postgresql://{}:{}@127.0.0.1:{}/{}", support::PostgresqlServer::kUser,
                           percent_encoded(password), server_.port(), database_);
    }

    static std::vector<std::string> texts_of(RustPostgresqlHistory& history) {
        std::vector<std::string> texts;
        while (auto item = history.next().value()) {
            const auto* fault = std::get_if<HistoryFault>(&*item);
            texts.push_back(fault == nullptr ? std::get<HistoryRow>(*item).payload : fault->why);
        }
        return texts;
    }

    support::PostgresqlServer& server_ = support::PostgresqlServer::shared();
    std::string database_ = server_.lend_database();

  private:
    std::uint64_t rows_ = 0;
};

TEST_F(RustPostgresql, GivesEveryKindInTheOrderOfTheLog) {
    std::vector<std::string> expected;
    for (std::uint64_t round = 1; round <= 30; ++round) {
        for (const auto kind : support::kObjectKinds) {
            add(kind, round % 2 == 0 ? support::payload(kind, round) : support::inner_payload(kind, round));
            expected.push_back(support::payload(kind, round));
        }
    }
    add(Kind::Shutdown, {});
    expected.emplace_back("\"Shutdown\"");
    const auto history = RustPostgresqlHistory::open(uri());
    ASSERT_TRUE(history) << history.error().message;
    EXPECT_EQ((*history)->size(), expected.size());
    EXPECT_EQ(texts_of(**history), expected);
    ASSERT_TRUE((*history)->rewind());
    EXPECT_EQ(texts_of(**history), expected) << "and once more from the beginning";
}

TEST_F(RustPostgresql, TellsWhatTheLogKnowsOfARow) {
    add(Kind::Step, support::inner_payload(Kind::Step, 1), "casper");
    run("INSERT INTO event_log VALUES (9, 5, 'somebody', 3, 'k', now(), '1.5.6', 'casper')");
    const auto history = RustPostgresqlHistory::open(uri());
    ASSERT_TRUE(history) << history.error().message;
    const auto item = (*history)->next().value();
    ASSERT_TRUE(item);
    const auto& row = std::get<HistoryRow>(*item);
    EXPECT_EQ(row.network_name, "casper");
    EXPECT_EQ(row.api_version.to_string(), "1.5.6");
    EXPECT_EQ(row.source_address, "127.0.0.1");
    EXPECT_EQ(row.node_event_id, 4'000'000'001U);
    const auto fault = (*history)->next().value();
    ASSERT_TRUE(fault);
    EXPECT_EQ(std::get<HistoryFault>(*fault).why, "no payload is stored for it (Fault)");
    EXPECT_FALSE((*history)->next().value());
}

TEST_F(RustPostgresql, ReadsTheTablesOfTheFirstVersions) {
    add(Kind::Step, support::inner_payload(Kind::Step, 1));
    run("ALTER TABLE event_log DROP COLUMN api_version, DROP COLUMN network_name; DROP TABLE \"Fault\"");
    const auto history = RustPostgresqlHistory::open(uri());
    ASSERT_TRUE(history) << history.error().message;
    EXPECT_EQ(texts_of(**history), std::vector{support::payload(Kind::Step, 1)});
}

TEST_F(RustPostgresql, WhatIsAddedMeanwhileIsNotAmongThem) {
    add(Kind::Step, support::inner_payload(Kind::Step, 1));
    const auto history = RustPostgresqlHistory::open(uri());
    ASSERT_TRUE(history) << history.error().message;
    add(Kind::Step, support::inner_payload(Kind::Step, 2));
    EXPECT_EQ(texts_of(**history).size(), 1U);
    ASSERT_TRUE((*history)->rewind());
    EXPECT_EQ(texts_of(**history).size(), 1U);
}

TEST_F(RustPostgresql, AnotherDatabaseIsRefused) {
    run("DROP TABLE event_log");
    const auto history = RustPostgresqlHistory::open(uri());
    ASSERT_FALSE(history);
    EXPECT_EQ(history.error().category, base::Error::Category::Invalid);
    EXPECT_THAT(history.error().message, HasSubstr("no table event_log"));
}

TEST_F(RustPostgresql, APasswordIsNeverInAMessage) {
    const auto refused = RustPostgresqlHistory::open(uri("wrong and secret"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().category, base::Error::Category::Unavailable);
    EXPECT_THAT(refused.error().message, Not(HasSubstr(percent_encoded("wrong and secret"))));
    for (const std::string bad :
         {"postgresql://u:hush@[::1/x", "postgresql://u:hush@h:port:1/x?password=hush",
          "postgresql://h/x?password=hush&nonsense=1"}) {
        const auto unreadable = RustPostgresqlHistory::open(bad);
        ASSERT_FALSE(unreadable) << bad;
        EXPECT_THAT(unreadable.error().message, Not(HasSubstr("hush")));
    }
}

TEST(PostgresqlUri, IsKnownByItsScheme) {
    EXPECT_TRUE(storage::is_postgresql_uri("postgresql://localhost/x"));
    EXPECT_TRUE(storage::is_postgresql_uri("postgres://localhost/x"));
    EXPECT_FALSE(storage::is_postgresql_uri("/var/lib/postgresql/x.db3"));
}

}  // namespace

}  // namespace storage_test
