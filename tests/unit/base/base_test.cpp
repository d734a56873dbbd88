#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <thread>

#include "base/api_version.h"
#include "base/bounded_queue.h"
#include "base/event_kind.h"
#include "base/log.h"

namespace base {
namespace {

using namespace std::chrono_literals;

TEST(ApiVersion, ReadsThreeNumbersAndDropsASuffix) {
    EXPECT_EQ(ApiVersion::parse("1.5.6"), (ApiVersion{1, 5, 6}));
    EXPECT_EQ(ApiVersion::parse("1.5.6-rc1"), (ApiVersion{1, 5, 6}));
    EXPECT_EQ(ApiVersion::parse("2.0.0+abc"), (ApiVersion{2, 0, 0}));
    for (const char* bad : {"", "1", "1.5", "1.5.", "1.5.6.7", "a.b.c", "1.5.x", " 1.5.6", "1.5.6 ", "-1.5.6",
                            "1.5.99999999999", "1.5.1048576"}) {
        EXPECT_FALSE(ApiVersion::parse(bad)) << bad;
    }
}

TEST(ApiVersion, OrdersByNumbersAlsoWhenPacked) {
    const ApiVersion old{1, 5, 10};
    const ApiVersion newer{1, 10, 2};
    EXPECT_LT(old, newer);
    EXPECT_LT(old.packed(), newer.packed());
    EXPECT_EQ(ApiVersion::unpacked(newer.packed()), newer);
    EXPECT_EQ(newer.to_string(), "1.10.2");
    EXPECT_FALSE(ApiVersion{}.known());
}

TEST(EventKind, TheTableIsInTheOrderOfTheEnumAndNamesAreUnique) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        EXPECT_EQ(static_cast<std::size_t>(kKinds[i].kind), i);
        EXPECT_TRUE(names.insert(kKinds[i].name).second);
        EXPECT_EQ(kind_named(kKinds[i].name), kKinds[i].kind);
    }
    EXPECT_FALSE(kind_named("TransactionAccepted"));
}

TEST(EventKind, EndpointsServeTheKindsThatTheReferenceNames) {
    const auto served = [](Endpoint endpoint) {
        std::set<std::string_view> names;
        for (const auto& row : kKinds) {
            if (endpoints_of(row.kind, row.filter).contains(endpoint)) names.insert(row.name);
        }
        return names;
    };
    using Names = std::set<std::string_view>;
    EXPECT_EQ(served(Endpoint::Events),
              (Names{"BlockAdded", "DeployProcessed", "Fault", "FinalitySignature", "Shutdown"}));
    EXPECT_EQ(served(Endpoint::Main),
              (Names{"BlockAdded", "DeployProcessed", "DeployExpired", "Fault", "Step", "Shutdown"}));
    EXPECT_EQ(served(Endpoint::Deploys), Names{"DeployAccepted"});
    EXPECT_EQ(served(Endpoint::Sigs), Names{"FinalitySignature"});
    EXPECT_EQ(endpoints_of(Kind::Shutdown, Filter::Deploys), EndpointSet{Endpoint::Deploys});
    EXPECT_EQ(endpoints_of(Kind::Shutdown, Filter::Sigs), EndpointSet{Endpoint::Sigs});
    EXPECT_EQ(endpoints_of(Kind::Shutdown, Filter::Sidecar), EndpointSet{Endpoint::Sidecar});
}

TEST(BoundedQueue, TakesUntilTheBoundIsReachedAndTellsOfRoomOnceTheItemsAreDone) {
    BoundedQueue<int> queue(10);
    int told = 0;
    ASSERT_TRUE(queue.try_push(1, 6, [&] { ++told; }));
    ASSERT_TRUE(queue.try_push(2, 6, [&] { ++told; }));
    EXPECT_FALSE(queue.try_push(3, 6, [&] { ++told; }));
    EXPECT_EQ(queue.take_all(0ms), (std::vector{1, 2}));
    EXPECT_FALSE(queue.try_push(3, 6, [&] { ++told; })) << "what is in work counts";
    EXPECT_EQ(told, 0);
    EXPECT_TRUE(queue.take_all(0ms).empty());
    EXPECT_EQ(told, 2);
    EXPECT_TRUE(queue.try_push(3, 6, [] {}));
}

TEST(BoundedQueue, AnItemOfAnyCostFitsIntoAnEmptyQueue) {
    BoundedQueue<int> queue(10);
    EXPECT_TRUE(queue.try_push(1, 1000, [] {}));
    EXPECT_FALSE(queue.try_push(2, 1, [] {}));
}

TEST(BoundedQueue, CloseReleasesBothSidesAndKeepsWhatIsQueued) {
    BoundedQueue<int> queue(1);
    int told = 0;
    ASSERT_TRUE(queue.try_push(1, 1, [] {}));
    ASSERT_FALSE(queue.try_push(2, 1, [&] { ++told; }));
    queue.close();
    EXPECT_EQ(told, 1);
    EXPECT_EQ(queue.take_all(1h), std::vector{1});
    EXPECT_TRUE(queue.take_all(1h).empty());
    EXPECT_TRUE(queue.closed());
}

TEST(BoundedQueue, CarriesEverythingBetweenThreadsInOrder) {
    constexpr int kItems = 20'000;
    BoundedQueue<int> queue(64);
    std::thread producer([&] {
        for (int i = 0; i < kItems; ++i) {
            std::mutex mutex;
            std::condition_variable room;
            bool told = false;
            while (!queue.try_push(int{i}, 1, [&] {
                const std::lock_guard lock(mutex);
                told = true;
                room.notify_one();
            })) {
                std::unique_lock lock(mutex);
                room.wait(lock, [&] { return told; });
                told = false;
            }
        }
        queue.close();
    });
    std::vector<int> taken;
    for (;;) {
        const auto items = queue.take_all(1h);
        if (items.empty() && queue.closed()) break;
        taken.insert(taken.end(), items.begin(), items.end());
    }
    producer.join();
    ASSERT_EQ(taken.size(), static_cast<std::size_t>(kItems));
    EXPECT_TRUE(std::ranges::is_sorted(taken));
}

TEST(LogLimiter, LetsOneThroughAnIntervalAndCountsTheOthers) {
    LogLimiter limiter(60s);
    const LogLimiter::Clock::time_point start{};
    EXPECT_EQ(limiter.pass(start), 0U);
    EXPECT_FALSE(limiter.pass(start + 1s));
    EXPECT_FALSE(limiter.pass(start + 59s));
    EXPECT_EQ(limiter.pass(start + 60s), 2U);
    EXPECT_EQ(limiter.pass(start + 200s), 0U);
}

}  // namespace
}  // namespace base
