#include "sim/units.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

TEST(Units, ReadDurations) {
    EXPECT_EQ(sim::parse_duration("15s").value(), 15s);
    EXPECT_EQ(sim::parse_duration("200ms").value(), 200ms);
    EXPECT_EQ(sim::parse_duration("1.5s").value(), 1500ms);
    EXPECT_EQ(sim::parse_duration("2m").value(), 2min);
    EXPECT_EQ(sim::parse_duration("0").value(), 0ns);
    for (const auto* wrong : {"", "s", "5", "-5s", "5 s", "5days", "1e3s", "99999999999999h"}) {
        EXPECT_FALSE(sim::parse_duration(wrong)) << wrong;
    }
}

TEST(Units, ReadSizes) {
    EXPECT_EQ(sim::parse_size("345").value(), 345U);
    EXPECT_EQ(sim::parse_size("30MB").value(), 30'000'000U);
    EXPECT_EQ(sim::parse_size("1.7MB").value(), 1'700'000U);
    EXPECT_EQ(sim::parse_size("2KiB").value(), 2048U);
    for (const auto* wrong : {"", "MB", "-1", "30 MB", "30mb"}) EXPECT_FALSE(sim::parse_size(wrong)) << wrong;
}

TEST(Units, WriteTimesAsTheChainDoes) {
    EXPECT_EQ(sim::rfc3339(0ms), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(sim::rfc3339(1'709'210'096'007ms), "2024-02-29T12:34:56.007Z");
    EXPECT_EQ(sim::rfc3339(-1ms), "1969-12-31T23:59:59.999Z");
}

}  // namespace
