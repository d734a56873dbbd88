// What every database form of storage::NodeStore must keep to.

#include <cstdint>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "log_factories.h"
#include "node_stores.h"
#include "test_events.h"

namespace storage_test {

namespace {

using storage::NodeObservation;
using storage::NodeStore;

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using Wish = storage::NodeIntent::Wish;

class NodeStoreContract : public testing::TestWithParam<LogFactory> {
  protected:
    storage::EventLog& log() { return harness_->log(); }
    void reopen() { harness_->reopen(); }

  private:
    std::unique_ptr<LogHarness> harness_ = GetParam().make();
};

INSTANTIATE_TEST_SUITE_P(Databases, NodeStoreContract, testing::ValuesIn(log_factories()),
                         [](const auto& parameter) { return parameter.param.name; });

TEST_P(NodeStoreContract, WishesSurviveAReopening) {
    EXPECT_THAT(intents(log()), IsEmpty());
    auto& nodes = log().nodes();
    ASSERT_TRUE(is_done(save(nodes, {.node = "c", .wish = Wish::Deleted, .configuration = ""})));
    ASSERT_TRUE(is_done(save(nodes, {.node = "a", .wish = Wish::Run, .configuration = "{\"port\":1}"})));
    ASSERT_TRUE(is_done(save(nodes, {.node = "b", .wish = Wish::Suspended, .configuration = ""})));
    EXPECT_THAT(intents(log()), IsEmpty()) << "they are those of the start-up";
    reopen();
    EXPECT_THAT(intents(log()),
                ElementsAre(IntentFields("a", Wish::Run, "{\"port\":1}"),
                            IntentFields("b", Wish::Suspended, ""), IntentFields("c", Wish::Deleted, "")));
}

TEST_P(NodeStoreContract, AWishReplacesTheNodesFormerOne) {
    auto& nodes = log().nodes();
    const auto first = save(nodes, {.node = "a", .wish = Wish::Suspended, .configuration = "x"});
    const auto other = save(nodes, {.node = "b", .wish = Wish::Suspended, .configuration = ""});
    const auto second = save(nodes, {.node = "a", .wish = Wish::Run, .configuration = "y"});
    ASSERT_TRUE(is_done(first) && is_done(other) && is_done(second));
    reopen();
    EXPECT_THAT(intents(log()),
                ElementsAre(IntentFields("a", Wish::Run, "y"), IntentFields("b", Wish::Suspended, "")));
}

TEST_P(NodeStoreContract, WhoWaitsForAWishMayUseTheStoreAndTheLog) {
    auto& events = log();
    auto second = std::make_shared<std::promise<void>>();
    auto saved = second->get_future();
    events.nodes().save({.node = "a", .wish = Wish::Suspended, .configuration = ""}, [&events, second] {
        append_one(events, block_added(1));
        EXPECT_THAT(history(events.nodes(), "a"), IsEmpty());
        events.nodes().save({.node = "a", .wish = Wish::Run, .configuration = ""},
                            [second] { second->set_value(); });
    });
    EXPECT_TRUE(is_done(saved));
    events.nodes().save({.node = "b", .wish = Wish::Run, .configuration = ""}, nullptr);
    reopen();
    EXPECT_THAT(intents(log()),
                ElementsAre(IntentFields("a", Wish::Run, ""), IntentFields("b", Wish::Run, "")));
}

TEST_P(NodeStoreContract, AnObservationIsReadAsItWasNoted) {
    auto& nodes = log().nodes();
    NodeObservation full;
    full.node = "127.0.0.1:18101";
    full.at = 1'700'000'000'123;
    full.from = "backing_off";
    full.to = "connecting";
    full.cause = "retry";
    full.message = "connection refused: \"näher\"";
    full.attempt = 4'000'000'000U;
    full.height = 18'446'744'073'709'551'615U;
    full.build_version = "1.5.2-abc";
    full.network_name = "casper-test";
    nodes.note(full);
    nodes.note(transition("b", 7));
    ASSERT_TRUE(await_newest(nodes, "b", 7));
    const auto found = nodes.history(full.node, 10).value();
    ASSERT_THAT(found, SizeIs(1));
    const auto& read = found.front();
    EXPECT_EQ(read.node, full.node);
    EXPECT_EQ(read.at, full.at);
    EXPECT_EQ(read.from, full.from);
    EXPECT_EQ(read.to, full.to);
    EXPECT_EQ(read.cause, full.cause);
    EXPECT_EQ(read.message, full.message);
    EXPECT_EQ(read.attempt, full.attempt);
    EXPECT_EQ(read.height, full.height);
    EXPECT_EQ(read.build_version, full.build_version);
    EXPECT_EQ(read.network_name, full.network_name);
    EXPECT_EQ(nodes.history("b", 1).value().at(0).height, std::nullopt);
}

TEST_P(NodeStoreContract, AHistoryIsTheNodesOwnTheNewestFirst) {
    auto& nodes = log().nodes();
    for (const auto number : {10, 30, 20}) {  // as noted, whatever the clock says
        nodes.note(transition("a", number));
        nodes.note(transition("b", number + 1));
    }
    ASSERT_TRUE(await_newest(nodes, "b", 21));
    EXPECT_THAT(history(nodes, "a"), ElementsAre(20, 30, 10));
    EXPECT_THAT(history(nodes, "b"), ElementsAre(21, 31, 11));
    EXPECT_THAT(history(nodes, "a", 2), ElementsAre(20, 30));
    EXPECT_THAT(history(nodes, "a", 0), IsEmpty());
    EXPECT_THAT(history(nodes, "c"), IsEmpty());
    reopen();
    EXPECT_THAT(history(log().nodes(), "b", SIZE_MAX), ElementsAre(21, 31, 11));
}

TEST_P(NodeStoreContract, AHistoryIsBoundedForEachNode) {
    auto& nodes = log().nodes();
    constexpr std::int64_t kMore = NodeStore::kHistoryPerNode + 50;
    nodes.note(transition("quiet", 1));
    for (std::int64_t number = 1; number <= kMore; ++number) {
        nodes.note(transition("a", number));
        nodes.note(transition("b", number));
    }
    ASSERT_TRUE(await_newest(nodes, "b", kMore));
    for (const auto* node : {"a", "b"}) {
        const auto times = history(nodes, node);
        ASSERT_THAT(times, SizeIs(NodeStore::kHistoryPerNode));
        EXPECT_EQ(times.front(), kMore);
        EXPECT_EQ(times.back(), 51);
    }
    EXPECT_THAT(history(nodes, "quiet"), ElementsAre(1));
}

TEST_P(NodeStoreContract, EventsAreAppendedMeanwhile) {
    auto& nodes = log().nodes();
    std::vector<std::future<void>> saved;
    for (std::uint64_t block = 0; block < 200; ++block) {
        nodes.note(transition("a", static_cast<std::int64_t>(block)));
        saved.push_back(
            save(nodes, {.node = "a", .wish = Wish::Run, .configuration = std::to_string(block)}));
        append(log(), signatures(block, 10));
    }
    for (const auto& one : saved) ASSERT_TRUE(is_done(one));
    ASSERT_TRUE(await_newest(nodes, "a", 199));
    EXPECT_THAT(history(nodes, "a"), SizeIs(200));
    reopen();
    EXPECT_EQ(read_all(log()).size(), 2000U);
    EXPECT_THAT(intents(log()), ElementsAre(IntentFields("a", Wish::Run, "199")));
}

TEST_P(NodeStoreContract, WhatWaitsIsWrittenAtTheEnd) {
    for (std::int64_t number = 1; number <= 150; ++number) log().nodes().note(transition("a", number));
    const auto saved = save(log().nodes(), {.node = "a", .wish = Wish::Suspended, .configuration = ""});
    reopen();
    EXPECT_TRUE(is_done(saved, std::chrono::seconds(0)));
    EXPECT_THAT(intents(log()), ElementsAre(IntentFields("a", Wish::Suspended, "")));
    EXPECT_THAT(history(log().nodes(), "a"), SizeIs(150));
}

TEST_P(NodeStoreContract, WhatNodesSayMayBeAnything) {
    auto& nodes = log().nodes();
    auto odd = transition("a", 1);
    odd.message = std::string("\xff\xfe\0 broken \xc3", 12);
    nodes.note(odd);
    nodes.note(transition("a", 2));
    ASSERT_TRUE(await_newest(nodes, "a", 2));
    EXPECT_THAT(history(nodes, "a"), ElementsAre(2, 1));
}

}  // namespace

}  // namespace storage_test
