#include "net/percent_encoding.h"

#include <gtest/gtest.h>

namespace net {
namespace {

TEST(PercentDecoded, UndoesEscapes) {
    EXPECT_EQ(percent_decoded("a%20b%2f+"), "a b/+");
    EXPECT_EQ(percent_decoded("+%2B", Plus::IsSpace), " +");
    EXPECT_EQ(percent_decoded("%00"), std::string(1, '\0'));
    for (const char* bad : {"%", "%4", "%zz", "a%g0"}) EXPECT_FALSE(percent_decoded(bad)) << bad;
}

TEST(IsUtf8, AcceptsCharactersOfAllLengths) {
    for (const char* text : {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                             "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "a\xC3\xA9z"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
    }
}

TEST(IsUtf8, RefusesWhatIsNone) {
    for (const char* text : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3z", "\xE0\x9F\xBF", "\xED\xA0\x80",
                             "\xE2\x82", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
                             "\xE2\x28\xA1", "\xF0\x9F\x98z"}) {
        EXPECT_FALSE(is_utf8(text)) << text;
    }
}

}  // namespace
}  // namespace net
