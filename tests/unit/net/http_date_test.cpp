#include "net/http_date.h"

#include <gtest/gtest.h>

namespace net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

TEST(HttpDate, IsWrittenAsTheStandardsExample) {
    HttpDate date;
    EXPECT_EQ(date.at(system_clock::time_point(seconds(784111777))), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(date.at(system_clock::time_point(milliseconds(784111777999))), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(date.at(system_clock::time_point(seconds(784111778))), "Sun, 06 Nov 1994 08:49:38 GMT");
    EXPECT_EQ(date.at(system_clock::time_point(seconds(0))), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(date.at(system_clock::time_point(seconds(1709251199))), "Thu, 29 Feb 2024 23:59:59 GMT");
}

}  // namespace
}  // namespace net
