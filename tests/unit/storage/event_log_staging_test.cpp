// The contract of the event log: large payloads, and everything at once.

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "event_log_contract.h"

namespace storage_test {

namespace {

using base::Endpoint;
using base::Kind;
using testing::ElementsAre;

constexpr std::size_t kStepSize = 4'823'967;

TEST_P(EventLogContract, AStagedPayloadIsReadBackWhole) {
    const auto event = step(7, kStepSize);
    const auto number = stage(log(), event);
    ASSERT_NE(number, 0U);
    EXPECT_TRUE(log().range().empty());
    append(log(), {block_added(1), staged(event, number), block_added(2)});
    reopen();
    const auto page = log().read({.endpoint = {}, .from = 2});
    ASSERT_TRUE(page);
    ASSERT_EQ(page->events.size(), 1U);  // the next one does not fit
    EXPECT_TRUE(page->events[0].payload == event.payload);
    EXPECT_EQ(page->events[0].kind, Kind::Step);
    EXPECT_EQ(read_all(log()).size(), 3U);
    EXPECT_EQ(log().read_newest(10, 1 << 20)->size(), 1U);
    EXPECT_EQ(log().read_newest(10, 1 << 23)->size(), 3U);
}

TEST_P(EventLogContract, ThePartBoundariesFit) {
    for (const std::size_t size : {1U, 262'143U, 262'144U, 262'145U, 524'288U}) {
        const auto event = step(size, size);
        append(log(), {staged(event, stage(log(), event))});
        EXPECT_TRUE(log().read_newest(1, 1)->back().payload == event.payload) << size;
    }
}

TEST_P(EventLogContract, ThreeNodesStageOnePayload) {
    const auto event = step(7, kStepSize);
    std::vector<std::future<std::uint64_t>> answers;
    for (int node = 0; node < 3; ++node) {
        auto promise = std::make_shared<std::promise<std::uint64_t>>();
        answers.push_back(promise->get_future());
        log().stage(std::make_shared<const base::Event>(event),
                    [promise](std::uint64_t n) { promise->set_value(n); });
    }
    std::set<std::uint64_t> numbers;
    for (auto& answer : answers) numbers.insert(answer.get());
    ASSERT_EQ(numbers.size(), 1U);
    const auto number = *numbers.begin();
    EXPECT_NE(number, 0U);
    EXPECT_EQ(stage(log(), event), number);  // not appended yet
    EXPECT_THAT(
        append(log(), {from_node(staged(event, number), "a", 1), from_node(staged(event, number), "b", 2)}),
        ElementsAre(1, 0));
    EXPECT_THAT(append(log(), {from_node(staged(event, number), "c", 3)}), ElementsAre(0));
    EXPECT_EQ(stage(log(), event), 0U);
    EXPECT_TRUE(read_all(log()).at(0).payload == event.payload);
}

TEST_P(EventLogContract, AKnownEventIsNotStaged) {
    append(log(), {step(7)});
    EXPECT_EQ(stage(log(), step(7, kStepSize)), 0U);
    EXPECT_NE(stage(log(), step(8, kStepSize)), 0U);
}

TEST_P(EventLogContract, AStagedPayloadOfADuplicateIsGivenUp) {
    const auto number = stage(log(), step(7, kStepSize));
    append(log(), {step(7)});  // by another way
    EXPECT_THAT(append(log(), {staged(step(7), number)}), ElementsAre(0));
    const auto other = stage(log(), step(8, kStepSize));
    EXPECT_NE(other, number);
    append(log(), {staged(step(8), other)});
    const auto events = read_all(log());
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].payload, step(7).payload);
    EXPECT_TRUE(events[1].payload == step(8, kStepSize).payload);
}

TEST_P(EventLogContract, AnUnknownStagedPayloadFailsTheBatch) {
    const auto refused = log().append(base::EventBatch{block_added(1), staged(step(1), 99)}, "");
    ASSERT_FALSE(refused);
    EXPECT_TRUE(log().range().empty());
    EXPECT_THAT(append(log(), {block_added(1), signature(1, 1)}), ElementsAre(1, 2));
}

TEST_P(EventLogContract, StagingIsForgottenWhenTheLogIsClosed) {
    ASSERT_NE(stage(log(), step(7, kStepSize)), 0U);
    reopen();
    const auto number = stage(log(), step(7, kStepSize));
    ASSERT_NE(number, 0U);
    append(log(), {staged(step(7), number)});
    EXPECT_TRUE(read_all(log()).at(0).payload == step(7, kStepSize).payload);
}

TEST_P(EventLogContract, ALogCanBeDestroyedWhileItStages) {
    for (std::uint64_t era = 0; era < 5; ++era) {
        log().stage(std::make_shared<const base::Event>(step(era, kStepSize)), [](std::uint64_t) {});
    }
    reopen();
    EXPECT_EQ(append_one(log(), block_added(1)), 1U);
}

TEST_P(EventLogContract, AppendsStagingAndReadsGoOnTogether) {
    constexpr std::uint64_t kBlocks = 60;
    constexpr std::uint64_t kSteps = 3;
    std::atomic<bool> done{false};
    std::atomic<int> problems{0};

    std::mutex mutex;
    base::EventBatch steps;
    for (std::uint64_t era = 0; era < kSteps; ++era) {
        const auto event = step(era, 1'500'000);
        log().stage(std::make_shared<const base::Event>(event), [&, event](std::uint64_t number) {
            const std::lock_guard lock(mutex);
            steps.push_back(staged(event, number));
        });
    }
    const auto follow = [&](std::optional<Endpoint> endpoint) {
        base::EventId from = 1;
        base::EventId last = 0;
        while (!done || from < log().range().next) {
            const auto range = log().range();
            const auto page = log().read({.endpoint = endpoint, .from = from});
            if (!page || page->next < from || page->next < std::min(range.next, from)) ++problems;
            if (!page) continue;
            for (const auto& event : page->events) {
                if (event.id <= last || (!endpoint && event.id != last + 1)) ++problems;
                last = event.id;
            }
            from = page->next;
        }
    };
    std::vector<std::jthread> readers;
    readers.emplace_back(follow, std::nullopt);
    readers.emplace_back(follow, Endpoint::Main);
    readers.emplace_back(follow, Endpoint::Sigs);

    std::uint64_t stored_steps = 0;
    for (std::uint64_t block = 0; block < kBlocks || stored_steps < kSteps; ++block) {
        auto batch = signatures(block, 20);
        batch.push_back(block_added(block));
        {
            const std::lock_guard lock(mutex);
            stored_steps += steps.size();
            std::ranges::move(steps, std::back_inserter(batch));
            steps.clear();
        }
        append(log(), batch);
    }
    done = true;
    readers.clear();
    EXPECT_EQ(problems, 0);
    std::size_t whole = 0;
    for (const auto& event : read_all(log())) {
        if (event.kind == Kind::Step && event.payload.size() == 1'500'000) ++whole;
    }
    EXPECT_EQ(whole, kSteps);
}

}  // namespace

}  // namespace storage_test
