#include "rest/indenter.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rest {
namespace {

std::string indented(std::string_view text, std::size_t piece) {
    Indenter indenter;
    std::string out;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
        indenter.feed(text.substr(0, piece), out);
    return out;
}

constexpr std::string_view kOdd =
    "{ \"a\" :[1,\t2.50e+07,-0 , 123456789012345678901234567890],\"b, {}\\\" \\\\\":\"\xc3\xa9 : \\u00e9\","
    "\"empty\":{ },\"none\":[\n],\"deep\":[[{\"x\":null}]]}";

TEST(Indenter, ChangesNothingButWhiteSpaceBetweenTokens) {
    EXPECT_EQ(indented(kOdd, kOdd.size()), R"({
  "a": [
    1,
    2.50e+07,
    -0,
    123456789012345678901234567890
  ],
  "b, {}\" \\": ")"
                                           "\xc3\xa9"
                                           R"( : \u00e9",
  "empty": {},
  "none": [],
  "deep": [
    [
      {
        "x": null
      }
    ]
  ]
})");
}

TEST(Indenter, MakesTheSameOfPiecesOfAnySize) {
    const auto whole = indented(kOdd, kOdd.size());
    for (std::size_t piece = 1; piece < kOdd.size(); ++piece)
        EXPECT_EQ(indented(kOdd, piece), whole) << piece;
    EXPECT_EQ(nlohmann::json::parse(whole), nlohmann::json::parse(kOdd));
}

TEST(Indenter, DeepNestingGrowsInProportion) {
    const auto out = indented(std::string(10'000, '[') + std::string(10'000, ']'), 1000);
    EXPECT_LT(out.size(), 20'000U * 100);
    EXPECT_EQ(std::ranges::count(out, '['), 10'000);
    EXPECT_LT(indented(std::string(1000, '}'), 10).size(), 10'000U) << "what is not JSON, too";
}

}  // namespace
}  // namespace rest
