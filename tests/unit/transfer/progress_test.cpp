#include "transfer/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

namespace transfer {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST(ProgressLine, HasBarPercentageRateAndTheTimeThatIsLeft) {
    EXPECT_EQ(progress_line({.done = 0.5, .events = 1'234'567, .elapsed = 10s}),
              "[===============>              ]  50.0 %  1,234,567 events  123,456 events/s  0:10 left");
    EXPECT_EQ(progress_line({.done = 1, .events = 5, .elapsed = 10s}),
              "[==============================] 100.0 %  5 events  0 events/s  0:00 left");
    EXPECT_THAT(progress_line({.done = 0.01, .events = 1, .elapsed = 100s}), HasSubstr("2:45:00 left"));
    EXPECT_THAT(progress_line({.done = 0, .events = 0, .elapsed = 0s}), Not(HasSubstr("left")));
}

TEST(ProgressLine, WithoutAKnownEndItCounts) {
    EXPECT_EQ(progress_line({.done = -1, .events = 900, .elapsed = 3s}), "900 events  300 events/s");
}

TEST(WithThousands, PutsACommaBetweenThem) {
    EXPECT_EQ(with_thousands(0), "0");
    EXPECT_EQ(with_thousands(999), "999");
    EXPECT_EQ(with_thousands(1000), "1,000");
    EXPECT_EQ(with_thousands(12'345'678), "12,345,678");
}

TEST(Progress, WritesTheLineAnewSomeTimesASecond) {
    std::string screen;
    Progress progress([&](std::string_view text) { screen += text; });
    const auto start = Progress::Clock::now();
    progress.begin("importing", "events", start);
    progress.update(0.25, 100, start + 1s);
    const auto once = screen;
    EXPECT_THAT(once, HasSubstr("importing  ["));
    EXPECT_THAT(once, HasSubstr("25.0 %  100 events  100 events/s  0:03 left"));
    EXPECT_THAT(once, Not(HasSubstr("\n")));
    progress.update(0.26, 104, start + 1s + 50ms);
    EXPECT_EQ(screen, once) << "too soon";
    progress.update(0.5, 200, start + 2s);
    EXPECT_THAT(screen.substr(once.size()), HasSubstr("50.0 %"));
}

TEST(Progress, WipesTheLineWhenItEnds) {
    std::string screen;
    {
        Progress progress([&](std::string_view text) { screen += text; });
        progress.update(0.5, 1);
    }
    EXPECT_TRUE(screen.ends_with("\r\x1b[K"));
}

TEST(Progress, ShowsNothingWithoutATerminal) {
    Progress progress(Progress::Write{});
    progress.begin("importing");
    progress.update(0.5, 1);
    progress.clear();
}

}  // namespace
}  // namespace transfer
