#include "base/hex.h"

#include <gtest/gtest.h>
#include <string>

namespace base {
namespace {

TEST(Hex, DigitsOfEitherCase) {
    EXPECT_EQ(bytes_of_hex("00fFA09c"), (KeyBytes{0x00, 0xFF, 0xA0, 0x9C}));
    EXPECT_EQ(bytes_of_hex(""), KeyBytes{});
    EXPECT_EQ(bytes_of_hex(std::string(200, '1')), KeyBytes(100, 0x11)) << "more than a key has";
}

TEST(Hex, NothingOfWhatIsNoHex) {
    for (const auto* text : {"0", "123", "0g", "g0", "-1", "+1", "0x", " 1", "1 "})
        EXPECT_FALSE(bytes_of_hex(text)) << text;
    EXPECT_FALSE(
        bytes_of_hex(std::string_view("\0"
                                      "1",
                                      2)));
    EXPECT_FALSE(bytes_of_hex("\xff\xff"));
}

}  // namespace
}  // namespace base
