// What can go wrong with the queries of an SQLite log.

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sqlite_damage.h"
#include "sqlite_log.h"
#include "storage/event_finder.h"
#include "test_events.h"

namespace storage_test {

namespace {

using base::Error;
using base::Kind;
using storage::DeployStatus;
using storage::EventFinder;
using testing::HasSubstr;

/// The error of a query; none: it gave something.
using Ask = std::function<std::optional<Error>(const EventFinder&)>;

template <class T>
std::optional<Error> error_of(const base::Result<T>& result) {
    return result ? std::nullopt : std::optional(result.error());
}

/// A log of some hundred pages; nothing of it is in the write-ahead log.
class DamagedLog : public testing::Test {
  protected:
    DamagedLog() {
        for (std::uint64_t i = 1; i < 40; ++i) {
            auto batch = signatures(i, 10);
            for (auto& event : {block_added(i), deploy_accepted(i), deploy_processed(i), deploy_expired(i),
                                fault(i, i), step(i)})
                batch.push_back(event);
            append(sqlite_.log(), batch);
        }
        sqlite_.close();
    }
    void expect_corrupt(const Ask& ask) {
        sqlite_.open();
        const auto error = ask(sqlite_.log().finder());
        ASSERT_TRUE(error) << "the query saw no damage";
        EXPECT_EQ(error->category, Error::Category::Corrupt) << error->message;
        EXPECT_THAT(error->message, HasSubstr(sqlite_.file().string()));
    }

    SqliteLog sqlite_;
};

TEST_F(DamagedLog, AnEventWhosePageIsDamaged) {
    spoil_leaf(sqlite_.file(), "event", 0);
    expect_corrupt([](const auto& finder) { return error_of(finder.block_at(1)); });
    const auto& finder = sqlite_.log().finder();
    EXPECT_TRUE(error_of(finder.find(Kind::BlockAdded, hash(1))));
    EXPECT_TRUE(error_of(finder.signatures_of(hash(1))));
    EXPECT_TRUE(error_of(finder.deploy(hash(1))));
    EXPECT_TRUE(error_of(finder.events({.order = storage::Order::OldestFirst})));
    EXPECT_TRUE(finder.newest_block().value()) << "what is sound is found all the same";
}

TEST_F(DamagedLog, AnIndexThatIsDamaged) {
    spoil_leaf(sqlite_.file(), "event_rare", 0);
    expect_corrupt([](const auto& finder) { return error_of(finder.events({.kind = Kind::BlockAdded})); });
    EXPECT_TRUE(sqlite_.log().finder().newest_block().value());
}

TEST_F(DamagedLog, KeysThatAreDamaged) {
    spoil_leaf(sqlite_.file(), "event_key_id", 0);
    expect_corrupt([](const auto& finder) {
        return error_of(finder.deploys({.status = DeployStatus::Expired, .limits = {.max_entries = 1000}}));
    });
}

TEST_F(DamagedLog, APayloadThatIsDamaged) {
    alter(sqlite_.file(), "UPDATE event SET encoding = 9 WHERE height = 5");
    expect_corrupt([](const auto& finder) { return error_of(finder.block_at(5)); });
    EXPECT_TRUE(error_of(sqlite_.log().finder().blocks({.from_height = 5, .to_height = 5})));
}

TEST_F(DamagedLog, ALargePayloadThatIsDamaged) {
    sqlite_.open();
    const auto large = incompressible_step(100, 1'500'000);
    append(sqlite_.log(), {staged(large, stage(sqlite_.log(), large)), block_added(100), block_added(101)});
    const auto number = sqlite_.log().finder().step(100).value()->large;
    sqlite_.close();
    alter(sqlite_.file(), "DELETE FROM payload_part WHERE seq = 2");
    expect_corrupt([&](const auto& finder) { return error_of(finder.read_large(number)); });
    EXPECT_TRUE(sqlite_.log().finder().step(100).value()) << "its event is there";
    sqlite_.close();
    alter(sqlite_.file(), "DELETE FROM large_payload");
    expect_corrupt([](const auto& finder) { return error_of(finder.step(100)); });
}

TEST_F(DamagedLog, AnEventOfAnUnknownKind) {
    alter(sqlite_.file(), "UPDATE event SET kind = 77 WHERE height = 5");
    expect_corrupt([](const auto& finder) { return error_of(finder.block_at(5)); });
}

TEST(SqliteEventFinder, OneReaderServesManyThreadsInTurn) {
    SqliteLog sqlite(false);
    auto options = sqlite.options();
    options.max_connections_in_pool = 1;
    const auto log = open_sqlite(options).value();
    append(*log, {block_added(1)});
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int call = 0; call < 50; ++call) EXPECT_TRUE(log->finder().newest_block().value());
            EXPECT_EQ(log->read({})->events.size(), 1U);
        });
    }
}

}  // namespace

}  // namespace storage_test
