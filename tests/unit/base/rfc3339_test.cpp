#include "base/rfc3339.h"

#include <gtest/gtest.h>

namespace base {
namespace {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using namespace std::chrono_literals;

TEST(Rfc3339, WritesUtcWithMilliseconds) {
    EXPECT_EQ(rfc3339(Time(0ms)), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(rfc3339(Time(1'709'210'096'007ms)), "2024-02-29T12:34:56.007Z");
    EXPECT_EQ(rfc3339(Time(-1ms)), "1969-12-31T23:59:59.999Z");
}

TEST(Rfc3339, ReadsWhatItWrites) {
    for (const auto time : {Time(0ms), Time(1'709'210'096'007ms), Time(-1ms), Time(4'102'444'799'999ms)})
        EXPECT_EQ(parse_rfc3339(rfc3339(time)), time);
}

TEST(Rfc3339, ReadsAnyNumberOfDecimals) {
    const Time second(1'709'210'096'000ms);
    EXPECT_EQ(parse_rfc3339("2024-02-29T12:34:56Z"), second);
    EXPECT_EQ(parse_rfc3339("2024-02-29T12:34:56.1Z"), second + 100ms);
    EXPECT_EQ(parse_rfc3339("2024-02-29T12:34:56.123999999Z"), second + 123ms);
}

TEST(Rfc3339, ReadsNothingElse) {
    for (const auto* text :
         {"", "yesterday", "2024-02-29", "2024-02-29T12:34:56", "2024-02-29T12:34:56+00:00",
          "2023-02-29T12:34:56Z", "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
          "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00.5", "-024-01-01T00:00:00Z", "2024-01-01T-1:00:00Z",
          "2024-01-01T00:00:00Zx", "2024/01/01T00:00:00Z"}) {
        EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace base
