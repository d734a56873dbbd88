#include "net/pace.h"

#include <gtest/gtest.h>

namespace net {
namespace {

using namespace std::chrono_literals;

constexpr Pace::Clock::time_point kStart{std::chrono::hours(1)};

/// How many get a token at this moment.
int taken_at(Pace& pace, Pace::Clock::time_point now) {
    int count = 0;
    for (; pace.next() <= now; ++count) pace.take(now);
    return count;
}

TEST(Pace, ASecondsWorthComesAtOnceAndThenOneAtATime) {
    for (const std::uint32_t rate : {1U, 2U, 50U}) {
        Pace pace(rate);
        EXPECT_EQ(taken_at(pace, kStart), static_cast<int>(rate));
        const auto interval = Pace::Clock::duration(1s) / rate;
        EXPECT_EQ(taken_at(pace, kStart + interval * 7 / 10), 0);
        EXPECT_EQ(taken_at(pace, kStart + interval), 1);
        EXPECT_EQ(taken_at(pace, kStart + 10s), static_cast<int>(rate)) << "more is not saved up";
    }
}

TEST(Pace, InTheLongRunNoMoreThanTheRate) {
    Pace pace(10);
    int count = 0;
    for (auto time = 0ms; time < 100s; time += 1ms) count += taken_at(pace, kStart + time);
    EXPECT_EQ(count, 10 + 1000) << "a second's worth, and a hundred seconds at the rate";
}

TEST(Pace, WhoComesAtThePaceAndIsSometimesLateNeverWaits) {
    Pace pace(1);
    for (int second = 0; second < 1000; ++second) {
        const auto late = second % 7 == 3 ? 150ms : 0ms;
        EXPECT_EQ(taken_at(pace, kStart + std::chrono::seconds(second) + late), 1) << second;
    }
}

TEST(Pace, WhoStandsBehindOthersWaitsForTheirsToo) {
    Pace pace(1);
    pace.take(kStart);
    EXPECT_EQ(pace.next_behind(3), pace.next() + 3s);
}

}  // namespace
}  // namespace net
