// The contract of the event log: pages and payloads.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "event_log_contract.h"
#include "support/paths.h"

namespace storage_test {

namespace {

using base::Endpoint;
using base::Filter;
using base::Kind;
using storage::ReadRequest;
using testing::ElementsAre;
using testing::IsEmpty;

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
    const std::filesystem::path data = support::captured_payloads();
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

TEST_P(EventLogReading, EventsComeBackWithWhatTheyAreChosenBy) {
    constexpr auto kGreatest = std::numeric_limits<std::uint64_t>::max();
    auto without_account = deploy_accepted(3);
    without_account.account.clear();
    auto large = deploy_processed(4);
    large.payload.assign(2 * storage::kLargePayload, 'x');
    const auto large_staged = staged(large, stage(log(), large));
    const base::EventBatch more{fault(kGreatest, 1), without_account, large_staged};
    append(log(), more);

    base::EventBatch all{block_added(1), signature(1, 1), deploy_accepted(1),  fault(1, 1),
                         step(1),        signature(1, 2), deploy_processed(1), deploy_expired(1)};
    for (const auto filter : {Filter::Main, Filter::Deploys, Filter::Sigs, Filter::Sidecar})
        all.push_back(shutdown(filter, 1));
    std::ranges::copy(more, std::back_inserter(all));

    const auto expect_all = [&all](const std::vector<storage::StoredEvent>& events) {
        ASSERT_EQ(events.size(), all.size());
        for (std::size_t i = 0; i < all.size(); ++i) {
            EXPECT_EQ(events[i].traits, base::traits_of(all[i]))
                << base::row_of(all[i].kind).name << " " << i;
        }
    };
    expect_all(read_all(log()));
    expect_all(log().read_newest(100, std::size_t{1} << 30).value());
    for (const auto endpoint : base::kEndpoints) {
        const auto page = log().read({.endpoint = endpoint, .max_bytes = std::size_t{1} << 30});
        ASSERT_TRUE(page);
        for (const auto& event : page->events) EXPECT_EQ(event.traits, base::traits_of(all[event.id - 1]));
    }
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

}  // namespace

}  // namespace storage_test
