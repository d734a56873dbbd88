#include "rest/cutting.h"

#include <gtest/gtest.h>

#include "support/payloads.h"

namespace rest {
namespace {

TEST(InnerOf, GivesTheMembersValueByteForByteWhateverWhiteSpaceIsAroundIt) {
    EXPECT_EQ(inner_of(R"({"Step":{"era_id":7}})"), R"({"era_id":7})");
    EXPECT_EQ(inner_of(" {\t\"Fault\" :\r\n { \"era_id\" : 1.0e+5 , \"x\":[ ] } } \n"),
              R"({ "era_id" : 1.0e+5 , "x":[ ] })");
    EXPECT_EQ(inner_of(R"({"DeployExpired":{"deploy_hash":"}}\"} "}})"), R"({"deploy_hash":"}}\"} "})");
    EXPECT_EQ(inner_of(R"({"quoted \" \\":{"a":1}})"), R"({"a":1})");
    for (const auto kind : support::kObjectKinds) {
        EXPECT_EQ(inner_of(support::payload(kind, 5)), support::inner_payload(kind, 5));
    }
}

TEST(InnerOf, GivesNothingOfWhatIsNoObjectWithAMember) {
    for (const auto* text : {"", " ", "\"Shutdown\"", "{}", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\": }",
                             "[1]", "{\"open", "{\"escape\\", "null", "{a:1}"}) {
        EXPECT_EQ(inner_of(text), std::nullopt) << text;
    }
}

TEST(MemberOf, FindsAMemberBehindAnythingElse) {
    const std::string_view object =
        R"( { "a" : [1,{"b":"]}"}], "b\"" : "x\\" ,"n":-1.5e3,"t":true , "b" : {"c":null} })";
    EXPECT_EQ(member_of(object, "a"), R"([1,{"b":"]}"}])");
    EXPECT_EQ(member_of(object, "n"), "-1.5e3");
    EXPECT_EQ(member_of(object, "t"), "true");
    EXPECT_EQ(member_of(object, "b"), R"({"c":null})");
    EXPECT_EQ(member_of(object, "c"), std::nullopt) << "it is the member of a member";
}

TEST(MemberOf, GivesNothingOfWhatIsNotWellFormed) {
    for (const auto* text : {"", "[]", "{", "{\"x\":}", "{\"x\" 1}", "{\"x\":[1", "{\"x\":\"a",
                             "{\"x\":\"a\\", "{\"x\":1 \"b\":2}", "{\"x\":{\"b\":\"}"}) {
        EXPECT_EQ(member_of(text, "b"), std::nullopt) << text;
    }
}

TEST(PlainText, IsAStringWithoutEscapes) {
    EXPECT_EQ(plain_text("\"2020-08-07\""), "2020-08-07");
    EXPECT_EQ(plain_text("\"\""), "");
    for (const auto* text : {"", "\"", "12", "\"\\n\"", "null"})
        EXPECT_EQ(plain_text(text), std::nullopt) << text;
}

}  // namespace
}  // namespace rest
