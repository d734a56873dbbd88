// What every database form of storage::NodeStore must keep to.

#include <cstdint>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "log_factories.h"
#include "node_stores.h"
#include "test_events.h"

namespace storage_test {

namespace {

using storage::NodeGap;
using storage::NodeObservation;
using storage::NodeStore;

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

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

NodeGap gap_of(std::string node, std::uint32_t first, std::optional<std::uint32_t> last) {
    return {.node = std::move(node), .filter = base::Filter::Sigs, .first = first, .last = last, .at = 7};
}

std::future<void> save_gap(NodeStore& nodes, NodeGap gap) {
    auto promise = std::make_shared<std::promise<void>>();
    nodes.save(std::move(gap), [promise] { promise->set_value(); });
    return promise->get_future();
}

TEST_P(NodeStoreContract, GapsSurviveAReopeningInTheOrderInWhichTheyWereFound) {
    EXPECT_THAT(log().nodes().gaps(), IsEmpty());
    NodeGap full;
    full.node = "127.0.0.1:18101";
    full.filter = base::Filter::Deploys;
    full.generation = 4'294'967'295U;
    full.first = 4'294'967'294U;
    full.last = 4'294'967'295U;
    full.at = 1'700'000'000'123;
    const std::vector<NodeGap> gaps{gap_of("b", 1, std::nullopt), full, gap_of("a", 5, 9)};
    for (const auto& gap : gaps) ASSERT_TRUE(is_done(save_gap(log().nodes(), gap)));
    EXPECT_THAT(log().nodes().gaps(), IsEmpty()) << "they are those of the start-up";
    reopen();
    EXPECT_EQ(log().nodes().gaps(), gaps);
}

TEST_P(NodeStoreContract, AGapThatIsFoundAgainIsKeptOnce) {
    for (const auto& gap : {gap_of("a", 1, 5), gap_of("a", 8, 9), gap_of("a", 1, 6), gap_of("b", 1, 2)})
        ASSERT_TRUE(is_done(save_gap(log().nodes(), gap)));
    reopen();
    EXPECT_THAT(log().nodes().gaps(), ElementsAre(gap_of("a", 8, 9), gap_of("a", 1, 6), gap_of("b", 1, 2)));
}

TEST_P(NodeStoreContract, GapsAreBoundedForEachNode) {
    constexpr std::uint32_t kMore = NodeStore::kGapsPerNode + 20;
    auto& nodes = log().nodes();
    nodes.save(gap_of("quiet", 1, 2), nullptr);
    for (std::uint32_t i = 1; i < kMore; ++i) nodes.save(gap_of("a", 10 * i, 10 * i + 1), nullptr);
    ASSERT_TRUE(is_done(save_gap(nodes, gap_of("a", 10 * kMore, 10 * kMore + 1))));
    reopen();
    const auto gaps = log().nodes().gaps();
    ASSERT_THAT(gaps, SizeIs(NodeStore::kGapsPerNode + 1));
    EXPECT_EQ(gaps[0], gap_of("quiet", 1, 2));
    EXPECT_EQ(gaps[1].first, 210U);
    EXPECT_EQ(gaps.back().first, 10 * kMore);
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
