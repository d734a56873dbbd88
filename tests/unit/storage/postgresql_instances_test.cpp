// Several instances on one PostgreSQL log.

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "postgresql_log.h"
#include "storage/chain_hash.h"
#include "support/process.h"
#include "test_events.h"

namespace storage_test {

namespace {

using base::Endpoint;
using base::Filter;
using storage::Digest;
using support::eventually;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Two instances on one database.
class PostgresqlInstances : public testing::Test {
  protected:
    PostgresqlLog first;
    PostgresqlLog second{first, "two"};
};

TEST_F(PostgresqlInstances, IdsAreOneSequence) {
    EXPECT_THAT(append(first.log(), {block_added(1), signature(1, 1)}), ElementsAre(1, 2));
    EXPECT_THAT(append(second.log(), {block_added(2), signature(1, 1), block_added(1)}),
                ElementsAre(3, 0, 0));
    EXPECT_THAT(append(first.log(), {block_added(2), step(1)}), ElementsAre(0, 4));
    EXPECT_EQ(first.log().range().next, 5U);
    EXPECT_EQ(first.log().feed_id(), second.log().feed_id());
}

TEST_F(PostgresqlInstances, AppendsAtTheSameTimeStayDense) {
    constexpr std::uint64_t kBlocks = 40;
    const auto write = [](PostgresqlLog& log, std::uint64_t begin) {
        for (std::uint64_t block = 0; block < kBlocks; ++block) {
            auto batch = signatures(begin + block, 10);
            batch.push_back(block_added((begin + block) / 2));  // half of them both have
            const auto appended = log.log().append(batch, "casper");
            ASSERT_TRUE(appended) << appended.error().message;
            base::EventId last = 0;
            for (const auto id : appended->ids) {
                if (id == 0) continue;
                EXPECT_EQ(id, last == 0 ? id : last + 1) << "not dense within a batch";
                last = id;
            }
        }
    };
    {
        const std::jthread one([&] { write(first, 0); });
        const std::jthread two([&] { write(second, kBlocks / 2); });
    }
    const auto events = read_all(first.log());
    EXPECT_EQ(events.size(), (kBlocks + kBlocks / 2) * 10 + (kBlocks + kBlocks / 2) / 2);
    for (std::size_t i = 0; i < events.size(); ++i) ASSERT_EQ(events[i].id, i + 1);
}

TEST_F(PostgresqlInstances, EachIsToldOfTheOthersEvents) {
    std::atomic<int> told{0};
    first.log().watch([&] { ++told; });
    append(first.log(), {block_added(1)});
    append(second.log(), {block_added(2), api_version("1.5.6"), block_added(3)});
    EXPECT_TRUE(eventually([&] { return told > 0 && first.log().range().next == 4; }));
    EXPECT_EQ(first.log().api_version().patch, 6U);
    EXPECT_EQ(first.log().network_name(), "casper-test");
    first.log().watch({});
    const int before = told;
    append(second.log(), {block_added(4)});
    EXPECT_TRUE(eventually([&] { return first.log().range().next == 5; }));
    EXPECT_EQ(told, before);
}

TEST_F(PostgresqlInstances, AnotherNetworkIsRefusedToEither) {
    append(first.log(), {block_added(1)}, "casper");
    const auto refused = second.log().append(base::EventBatch{block_added(2)}, "casper-test");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().category, base::Error::Category::Invalid);
}

TEST_F(PostgresqlInstances, PositionsAreApart) {
    append(first.log(), {from_node(block_added(1), "127.0.0.1:9999", 10)});
    append(second.log(), {from_node(block_added(2), "127.0.0.1:9999", 77)});
    first.reopen();
    second.reopen();
    const storage::NodeFilter stream{"127.0.0.1:9999", Filter::Main};
    EXPECT_EQ(first.log().positions().at(stream).position.event_id, 10U);
    EXPECT_EQ(second.log().positions().at(stream).position.event_id, 77U);
}

TEST_F(PostgresqlInstances, OwnEventsAreServedByTheirInstanceOnly) {
    append(first.log(), {shutdown(Filter::Sidecar, 1), block_added(1)});
    append(second.log(), {shutdown(Filter::Sidecar, 2)});
    EXPECT_THAT(read_ids(first.log(), {.endpoint = Endpoint::Sidecar}), ElementsAre(1));
    EXPECT_THAT(read_ids(second.log(), {.endpoint = Endpoint::Sidecar}), ElementsAre(3));
    std::vector<bool> foreign;
    for (const auto& event : read_all(first.log())) foreign.push_back(event.foreign);
    EXPECT_THAT(foreign, ElementsAre(false, false, true));
    EXPECT_THAT(read_ids(second.log(), {.endpoint = Endpoint::Main}), ElementsAre(2));
}

TEST_F(PostgresqlInstances, BothStageOnePayload) {
    const auto event = step(7, 1'500'000);
    const auto one = stage(first.log(), event);
    const auto two = stage(second.log(), event);
    EXPECT_NE(one, two);
    EXPECT_THAT(append(first.log(), {staged(event, one)}), ElementsAre(1));
    EXPECT_THAT(append(second.log(), {staged(event, two)}), ElementsAre(0));
    EXPECT_TRUE(read_all(second.log()).at(0).payload == event.payload);
    EXPECT_TRUE(
        eventually([&] { return first.query("SELECT count(*) FROM event_sidecar.large_payload") == "1"; }));
}

TEST_F(PostgresqlInstances, AStartDeletesOnlyWhatThisInstanceStaged) {
    const auto one = stage(first.log(), step(1, 1'500'000));
    const auto two = stage(second.log(), step(2, 1'500'000));
    first.reopen();
    EXPECT_TRUE(
        eventually([&] { return first.query("SELECT count(*) FROM event_sidecar.large_payload") == "1"; }));
    EXPECT_NE(one, two);
    EXPECT_THAT(append(second.log(), {staged(step(2, 1'500'000), two)}), ElementsAre(1));
    ASSERT_TRUE(eventually([&] { return first.log().range().next == 2; }));
    EXPECT_TRUE(read_all(first.log()).at(0).payload == step(2, 1'500'000).payload);
}

TEST_F(PostgresqlInstances, WishesAreApart) {
    first.log().nodes().save({.node = "a", .wish = storage::NodeIntent::Wish::Suspended, .configuration = ""},
                             nullptr);
    first.reopen();
    second.reopen();
    EXPECT_EQ(first.log().nodes().intents().size(), 1U);
    EXPECT_THAT(second.log().nodes().intents(), IsEmpty());
}

TEST_F(PostgresqlInstances, ANameIsOneInstances) {
    second.options().instance_name = "one";
    const auto opened = second.try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().category, base::Error::Category::Invalid);
    EXPECT_THAT(opened.error().message, HasSubstr("instance_name"));
}

TEST_F(PostgresqlInstances, ManyMakeTheSchemaAtOnce) {
    first.close();
    second.close();
    (void)first.query("DROP SCHEMA event_sidecar CASCADE");
    std::atomic<int> problems{0};
    std::vector<std::jthread> starts;
    for (int i = 0; i < 4; ++i) {
        starts.emplace_back([&, i] {
            auto options = first.options();
            options.instance_name = "instance-" + std::to_string(i);
            base::Metrics metrics;
            const auto log = storage::PostgresqlEventLog::open(options, base::make_null_log(), metrics);
            if (!log) ADD_FAILURE() << log.error().message;
            if (!log || append_one(**log, block_added(static_cast<std::uint64_t>(i))) == 0) ++problems;
        });
    }
    starts.clear();
    EXPECT_EQ(problems, 0);
    EXPECT_EQ(first.query("SELECT next_id FROM event_sidecar.log"), "5");
}

// --- the chain ---

TEST_F(PostgresqlInstances, TheChainIsThatOfTheEvents) {
    auto batch = signatures(3, 5);
    batch.push_back(block_added(3));
    batch.push_back(shutdown(Filter::Sidecar, 9));
    const auto large = step(4, 1'200'000);
    append(first.log(), batch);
    append(second.log(), {staged(large, stage(second.log(), large)), fault(1, 2), batch.front()});
    append(first.log(), {deploy_processed(5), deploy_accepted(6)});
    batch.insert(batch.end(), {large, fault(1, 2), deploy_processed(5), deploy_accepted(6)});

    Digest digest{};
    storage::Sha256 sha256;
    std::string hex;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        digest = storage::chain_hash(sha256, digest, i + 1, batch[i].kind, batch[i].key,
                                     sha256.of(batch[i].payload));
        hex.clear();
        for (const auto byte : digest) {
            hex += "0123456789abcdef"[byte >> 4U];
            hex += "0123456789abcdef"[byte & 15U];
        }
        ASSERT_EQ(first.query("SELECT encode(chain_hash, 'hex') FROM event_sidecar.event WHERE id = " +
                              std::to_string(i + 1)),
                  hex)
            << "event " << i + 1;
    }
    EXPECT_EQ(first.query("SELECT encode(chain_hash, 'hex') FROM event_sidecar.log"), hex);
}

}  // namespace

}  // namespace storage_test
