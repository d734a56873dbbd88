// What every database form of storage::EventLog must keep to.

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <thread>

#include "log_factories.h"
#include "storage/event_log.h"
#include "test_events.h"

namespace storage_test {

namespace {

using base::Endpoint;
using base::Filter;
using base::Kind;
using storage::ReadRequest;
using testing::ElementsAre;
using testing::IsEmpty;

base::ApiVersion version(std::string_view text) {
    return base::ApiVersion::parse(text).value();
}

class EventLogContract : public testing::TestWithParam<LogFactory> {
  protected:
    storage::EventLog& log() { return harness_->log(); }
    void reopen() { harness_->reopen(); }

  private:
    std::unique_ptr<LogHarness> harness_ = GetParam().make();
};

INSTANTIATE_TEST_SUITE_P(Databases, EventLogContract, testing::ValuesIn(log_factories()),
                         [](const auto& parameter) { return parameter.param.name; });

TEST_P(EventLogContract, NewLogIsEmpty) {
    EXPECT_TRUE(log().range().empty());
    EXPECT_EQ(log().range().oldest, 1U);
    EXPECT_EQ(log().network_name(), "");
    EXPECT_FALSE(log().api_version().known());
    EXPECT_TRUE(log().positions().empty());
    EXPECT_EQ(log().feed_id().size(), 36U);
    EXPECT_THAT(read_ids(log(), {}), IsEmpty());
    EXPECT_TRUE(log().read_newest(10, 1000)->empty());
}

TEST_P(EventLogContract, ANewLogBeginsAtTheIdThatIsAskedFor) {
    ASSERT_TRUE(log().begin_at(700));
    EXPECT_EQ(log().range().oldest, 700U);
    EXPECT_TRUE(log().range().empty());
    EXPECT_EQ(append_one(log(), block_added(1)), 700U);
    reopen();
    EXPECT_EQ(log().range().oldest, 700U);
    EXPECT_EQ(append_one(log(), block_added(2)), 701U);
    EXPECT_THAT(read_ids(log(), {}), ElementsAre(700U, 701U));
}

TEST_P(EventLogContract, AnUnusedLogCanBeAskedAgain) {
    ASSERT_TRUE(log().begin_at(700));
    ASSERT_TRUE(log().begin_at(50));
    EXPECT_EQ(log().range().oldest, 50U);
    EXPECT_EQ(append_one(log(), block_added(1)), 50U);
}

TEST_P(EventLogContract, IdsOfALogThatHeldEventsGoOnWhereTheyAre) {
    append_one(log(), block_added(1));
    EXPECT_FALSE(log().begin_at(700));
    reopen();
    const auto refused = log().begin_at(700);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().category, base::Error::Category::Invalid);
    EXPECT_EQ(append_one(log(), block_added(2)), 2U);
}

TEST_P(EventLogContract, NoLogBeginsAtAnIdThatIsNone) {
    EXPECT_FALSE(log().begin_at(0));
    EXPECT_FALSE(log().begin_at(base::kMaxEventId));
    EXPECT_EQ(append_one(log(), block_added(1)), 1U);
}

TEST_P(EventLogContract, FeedIdStaysAndDiffersBetweenLogs) {
    const auto feed_id = log().feed_id();
    reopen();
    EXPECT_EQ(log().feed_id(), feed_id);
    EXPECT_NE(GetParam().make()->log().feed_id(), feed_id);
}

TEST_P(EventLogContract, IdsAreDenseOverAllKinds) {
    EXPECT_THAT(
        append(log(), {block_added(1), signature(1, 1), api_version("1.5.6"), deploy_accepted(1), step(1)}),
        ElementsAre(1, 2, 0, 3, 4));
    EXPECT_THAT(
        append(log(), {fault(1, 1), deploy_expired(1), deploy_processed(1), shutdown(Filter::Main, 1)}),
        ElementsAre(5, 6, 7, 8));
    EXPECT_EQ(log().range().oldest, 1U);
    EXPECT_EQ(log().range().newest(), 8U);
}

TEST_P(EventLogContract, IdsGoOnAfterReopening) {
    append_one(log(), block_added(1));
    reopen();
    EXPECT_EQ(log().range().next, 2U);
    EXPECT_EQ(append_one(log(), block_added(2)), 2U);
}

TEST_P(EventLogContract, KnownEventsGetNoId) {
    EXPECT_EQ(append_one(log(), block_added(1)), 1U);
    EXPECT_EQ(append_one(log(), block_added(1)), 0U);
    EXPECT_THAT(append(log(), {block_added(1), block_added(2)}), ElementsAre(0, 2));
    reopen();
    EXPECT_THAT(append(log(), {block_added(2), block_added(1), block_added(3)}), ElementsAre(0, 0, 3));
    EXPECT_EQ(read_all(log()).size(), 3U);
}

TEST_P(EventLogContract, DuplicatesWithinABatchAreFound) {
    EXPECT_THAT(append(log(), {signature(1, 1), signature(1, 1), signature(1, 2), signature(1, 1)}),
                ElementsAre(1, 0, 2, 0));
}

TEST_P(EventLogContract, TheWholeKeyCounts) {
    EXPECT_THAT(append(log(), {signature(1, 1), signature(1, 2), signature(2, 1), fault(1, 1), fault(2, 1),
                               fault(1, 2)}),
                ElementsAre(1, 2, 3, 4, 5, 6));
    // The same hash in events of different kinds.
    EXPECT_THAT(append(log(), {deploy_accepted(1), deploy_processed(1), deploy_expired(1)}),
                ElementsAre(7, 8, 9));
    EXPECT_THAT(append(log(), {fault(1, 1), signature(2, 1), deploy_expired(1)}), ElementsAre(0, 0, 0));
}

TEST_P(EventLogContract, EveryShutdownIsAnEventOnce) {
    EXPECT_THAT(
        append(log(), {shutdown(Filter::Main, 1), shutdown(Filter::Deploys, 1), shutdown(Filter::Main, 2)}),
        ElementsAre(1, 2, 3));
    EXPECT_THAT(append(log(), {shutdown(Filter::Main, 1), shutdown(Filter::Sigs, 1)}), ElementsAre(0, 4));
}

TEST_P(EventLogContract, PayloadsComeBackByteForByte) {
    auto odd = block_added(1);
    odd.payload = std::string("\0\xff{\"a\" :\t1}\n\xf0\x9f\x98\x80", 17);
    auto large = deploy_accepted(2);
    large.payload.assign(900'000, 'w');
    append(log(), {odd, large});
    const auto events = read_all(log());
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].payload, odd.payload);
    EXPECT_EQ(events[0].kind, Kind::BlockAdded);
    EXPECT_EQ(events[0].filter, Filter::Main);
    EXPECT_EQ(events[1].payload, large.payload);
    EXPECT_EQ(events[1].filter, Filter::Deploys);
}

TEST_P(EventLogContract, RealPayloadsComeBackByteForByte) {
    const std::filesystem::path data = std::filesystem::path(PROJECT_SOURCE_DIR) / ".." / "shared" / "data";
    std::error_code none;
    std::vector<std::string> payloads;
    for (const auto& entry : std::filesystem::directory_iterator(data, none)) {
        if (entry.path().extension() != ".jsonl") continue;
        std::ifstream file(entry.path());
        for (std::string line; std::getline(file, line);) payloads.push_back(line);
    }
    if (payloads.empty()) GTEST_SKIP() << "no real payloads here";
    base::EventBatch batch;
    for (std::size_t i = 0; i < payloads.size(); ++i) {
        auto event = block_added(i);
        event.payload = payloads[i];
        if (event.payload.size() > storage::kLargePayload) event = staged(event, stage(log(), event));
        batch.push_back(event);
    }
    append(log(), batch);
    const auto events = read_all(log());
    ASSERT_EQ(events.size(), payloads.size());
    for (std::size_t i = 0; i < payloads.size(); ++i) EXPECT_TRUE(events[i].payload == payloads[i]) << i;
}

// --- ApiVersion ---

TEST_P(EventLogContract, TheGreatestApiVersionIsKept) {
    append(log(), {api_version("1.5.6")});
    EXPECT_EQ(log().api_version(), version("1.5.6"));
    append(log(), {api_version("1.5.2")});
    EXPECT_EQ(log().api_version(), version("1.5.6"));
    append(log(), {api_version("1.10.0"), api_version("1.9.9")});
    EXPECT_EQ(log().api_version(), version("1.10.0"));
    EXPECT_TRUE(log().range().empty());
    reopen();
    EXPECT_EQ(log().api_version(), version("1.10.0"));
}

TEST_P(EventLogContract, OutcomeTellsTheVersionBeforeEachEvent) {
    const base::EventBatch batch{block_added(1),       api_version("1.5.6"), block_added(2),
                                 api_version("1.4.0"), block_added(2),       api_version("1.6.0")};
    const auto appended = log().append(batch, "");
    ASSERT_TRUE(appended);
    EXPECT_THAT(appended->ids, ElementsAre(1, 0, 2, 0, 0, 0));
    EXPECT_THAT(appended->versions,
                ElementsAre(base::ApiVersion{}, base::ApiVersion{}, version("1.5.6"), version("1.5.6"),
                            version("1.5.6"), version("1.5.6"), version("1.6.0")));
    const auto none = log().append({}, "");
    EXPECT_THAT(none->ids, IsEmpty());
    EXPECT_THAT(none->versions, ElementsAre(version("1.6.0")));
}

TEST_P(EventLogContract, EventsCarryTheVersionKnownWhenTheyWereAppended) {
    append(log(),
           {block_added(1), api_version("1.5.6"), block_added(2), api_version("1.5.2"), block_added(3)});
    reopen();
    append(log(), {block_added(4), api_version("2.0.0"), block_added(5)});
    std::vector<base::ApiVersion> versions;
    for (const auto& event : read_all(log())) versions.push_back(event.api_version);
    EXPECT_THAT(versions, ElementsAre(base::ApiVersion{}, version("1.5.6"), version("1.5.6"),
                                      version("1.5.6"), version("2.0.0")));
}

// --- network ---

TEST_P(EventLogContract, TheFirstNetworkNameIsTheLogs) {
    append(log(), {block_added(1)}, "");
    EXPECT_EQ(log().network_name(), "");
    append(log(), {block_added(2)}, "casper");
    EXPECT_EQ(log().network_name(), "casper");
    reopen();
    EXPECT_EQ(log().network_name(), "casper");
    append(log(), {block_added(3)}, "");
    EXPECT_EQ(log().network_name(), "casper");
}

TEST_P(EventLogContract, AnotherNetworkIsRefused) {
    append(log(), {block_added(1)}, "casper");
    const auto refused = log().append(base::EventBatch{block_added(2), api_version("9.0.0")}, "casper-test");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().category, base::Error::Category::Invalid);
    EXPECT_THAT(refused.error().message, testing::HasSubstr("casper-test"));
    EXPECT_EQ(log().range().next, 2U);
    EXPECT_FALSE(log().api_version().known());
    EXPECT_THAT(append(log(), {block_added(2)}, "casper"), ElementsAre(2));
}

// --- positions ---

TEST_P(EventLogContract, PositionsAreStoredWithTheEvents) {
    append(log(), {from_node(block_added(1), "a", 10), from_node(signature(1, 1), "a", 11),
                   from_node(block_added(1), "b", 4'294'967'295U, 3), from_node(block_added(2), "a", 12)});
    reopen();
    const auto positions = log().positions();
    ASSERT_EQ(positions.size(), 3U);
    const auto& main = positions.at({"a", Filter::Main});
    EXPECT_EQ(main.position, (base::NodePosition{12, 0}));
    EXPECT_EQ(main.kind, Kind::BlockAdded);
    EXPECT_EQ(main.key, block_added(2).key);
    EXPECT_EQ(positions.at({"a", Filter::Sigs}).key, signature(1, 1).key);
    EXPECT_EQ(positions.at({"b", Filter::Main}).position, (base::NodePosition{4'294'967'295U, 3}));
}

TEST_P(EventLogContract, TheLastPositionOfABatchCountsNotTheGreatest) {
    append(log(), {from_node(block_added(1), "a", 500, 0), from_node(block_added(2), "a", 3, 1)});
    reopen();
    EXPECT_EQ(log().positions().at({"a", Filter::Main}).position, (base::NodePosition{3, 1}));
}

TEST_P(EventLogContract, ApiVersionsAndOwnEventsHaveNoPosition) {
    append(log(), {from_node(api_version("1.5.6"), "a", 9), shutdown(Filter::Sidecar, 1)});
    reopen();
    EXPECT_TRUE(log().positions().empty());
}

TEST_P(EventLogContract, PositionsOfDuplicatesAreStoredByFlush) {
    append(log(), {from_node(block_added(1), "a", 1)});
    append(log(), {from_node(block_added(1), "b", 7)});
    ASSERT_TRUE(log().flush());
    reopen();
    EXPECT_EQ(log().positions().at({"b", Filter::Main}).position.event_id, 7U);
    EXPECT_EQ(log().positions().at({"a", Filter::Main}).position.event_id, 1U);
}

TEST_P(EventLogContract, PositionsOfDuplicatesAreStoredWithTheNextNews) {
    append(log(), {from_node(block_added(1), "a", 1)});
    append(log(), {from_node(block_added(1), "b", 7)});
    append(log(), {from_node(block_added(1), "b", 8)});
    append(log(), {from_node(block_added(2), "a", 2)});
    reopen();
    EXPECT_EQ(log().positions().at({"b", Filter::Main}).position.event_id, 8U);
}

TEST_P(EventLogContract, PositionsAreAsOfTheStart) {
    append(log(), {from_node(block_added(1), "a", 1)});
    EXPECT_TRUE(log().positions().empty());
}

// --- reading ---

class EventLogReading : public EventLogContract {
  protected:
    void SetUp() override {
        append(log(),
               {block_added(1), signature(1, 1), deploy_accepted(1), fault(1, 1), step(1), signature(1, 2),
                deploy_processed(1), deploy_expired(1), shutdown(Filter::Main, 1),
                shutdown(Filter::Deploys, 1), shutdown(Filter::Sigs, 1), shutdown(Filter::Sidecar, 1)});
    }
    [[nodiscard]] std::vector<base::EventId> ids_at(Endpoint endpoint) {
        return read_ids(log(), {.endpoint = endpoint});
    }
};

INSTANTIATE_TEST_SUITE_P(Databases, EventLogReading, testing::ValuesIn(log_factories()),
                         [](const auto& parameter) { return parameter.param.name; });

TEST_P(EventLogReading, EachEndpointHasItsKinds) {
    EXPECT_THAT(ids_at(Endpoint::Events), ElementsAre(1, 2, 4, 6, 7, 9));
    EXPECT_THAT(ids_at(Endpoint::Main), ElementsAre(1, 4, 5, 7, 8, 9));
    EXPECT_THAT(ids_at(Endpoint::Deploys), ElementsAre(3, 10));
    EXPECT_THAT(ids_at(Endpoint::Sigs), ElementsAre(2, 6, 11));
    EXPECT_THAT(ids_at(Endpoint::Sidecar), ElementsAre(12));
    EXPECT_EQ(read_ids(log(), {}).size(), 12U);
}

TEST_P(EventLogReading, EndpointsAgreeWithTheTableOfKinds) {
    for (const auto endpoint : base::kEndpoints) {
        std::vector<base::EventId> expected;
        for (const auto& event : read_all(log())) {
            if (base::endpoints_of(event.kind, event.filter).contains(endpoint)) expected.push_back(event.id);
        }
        EXPECT_EQ(ids_at(endpoint), expected) << base::endpoint_path(endpoint);
    }
}

TEST_P(EventLogReading, FromIsInclusiveAndToExclusive) {
    EXPECT_THAT(read_ids(log(), {.endpoint = {}, .from = 3, .to = 6}), ElementsAre(3, 4, 5));
    EXPECT_THAT(read_ids(log(), {.endpoint = Endpoint::Main, .from = 4, .to = 8}), ElementsAre(4, 5, 7));
    EXPECT_THAT(read_ids(log(), {.endpoint = {}, .from = 6, .to = 6}), IsEmpty());
    EXPECT_THAT(read_ids(log(), {.endpoint = {}, .from = 6, .to = 3}), IsEmpty());
    EXPECT_THAT(read_ids(log(), {.endpoint = {}, .from = 13}), IsEmpty());
    EXPECT_EQ(read_ids(log(), {.endpoint = {}, .from = 0}).size(), 12U);
}

TEST_P(EventLogReading, NextIsWhereToGoOn) {
    const auto next = [&](const ReadRequest& request) { return log().read(request).value().next; };
    EXPECT_EQ(next({.endpoint = {}}), 13U);
    EXPECT_EQ(next({.endpoint = Endpoint::Sidecar, .from = 1, .to = 5}), 5U);
    EXPECT_EQ(next({.endpoint = Endpoint::Deploys}), 13U);
    EXPECT_EQ(next({.endpoint = Endpoint::Main, .from = 1, .to = base::kMaxEventId, .max_events = 2}), 5U);
    EXPECT_EQ(next({.endpoint = {}, .from = 20}), 20U);
    EXPECT_EQ(next({.endpoint = {}, .from = 2, .to = 5, .max_events = 0}), 2U);
}

TEST_P(EventLogReading, ExactlyAsManyAsAskedForEndsThePage) {
    const auto page =
        log().read({.endpoint = Endpoint::Deploys, .from = 1, .to = base::kMaxEventId, .max_events = 2});
    ASSERT_TRUE(page);
    EXPECT_EQ(page->events.size(), 2U);
    EXPECT_EQ(page->next, 13U);
}

TEST_P(EventLogReading, PagesCoverAnEndpointWithoutGapOrRepeat) {
    for (std::size_t size = 1; size < 5; ++size) {
        std::vector<base::EventId> ids;
        base::EventId from = 1;
        while (from < log().range().next) {
            const auto page = log().read(
                {.endpoint = Endpoint::Main, .from = from, .to = base::kMaxEventId, .max_events = size});
            ASSERT_TRUE(page);
            ASSERT_GT(page->next, from);
            for (const auto& event : page->events) ids.push_back(event.id);
            from = page->next;
        }
        EXPECT_THAT(ids, ElementsAre(1, 4, 5, 7, 8, 9));
    }
}

TEST_P(EventLogReading, BytesBoundAPageButTheFirstEventAlwaysComes) {
    const auto page = log().read({.endpoint = Endpoint::Sigs,
                                  .from = 1,
                                  .to = base::kMaxEventId,
                                  .max_events = 100,
                                  .max_bytes = 700});
    ASSERT_TRUE(page);
    EXPECT_EQ(page->events.size(), 3U);  // 345 + 345 + 10 bytes
    const auto less = log().read({.endpoint = Endpoint::Sigs,
                                  .from = 1,
                                  .to = base::kMaxEventId,
                                  .max_events = 100,
                                  .max_bytes = 699});
    EXPECT_EQ(less->events.size(), 2U);
    EXPECT_EQ(less->next, 7U);
    const auto first = log().read(
        {.endpoint = Endpoint::Sigs, .from = 1, .to = base::kMaxEventId, .max_events = 100, .max_bytes = 1});
    EXPECT_EQ(first->events.size(), 1U);
    EXPECT_EQ(first->next, 3U);
}

TEST_P(EventLogReading, NewestEndsAtTheHead) {
    const auto ids = [&](std::size_t events, std::size_t bytes) {
        std::vector<base::EventId> result;
        for (const auto& event : log().read_newest(events, bytes).value()) result.push_back(event.id);
        return result;
    };
    EXPECT_THAT(ids(3, 1'000'000), ElementsAre(10, 11, 12));
    EXPECT_EQ(ids(100, 1'000'000).size(), 12U);
    EXPECT_THAT(ids(100, 20), ElementsAre(11, 12));
    EXPECT_THAT(ids(100, 1), ElementsAre(12));
    EXPECT_THAT(ids(0, 1), IsEmpty());
}

// --- staging ---

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

// --- many threads ---

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
