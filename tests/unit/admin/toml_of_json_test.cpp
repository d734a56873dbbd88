#include "admin/toml_of_json.h"

#include <gtest/gtest.h>

namespace admin {
namespace {

std::string converted(std::string_view json) {
    return toml_of(nlohmann::json::parse(json).get<nlohmann::json::object_t>());
}

TEST(TomlOfJson, ValuesKeepTheirType) {
    EXPECT_EQ(converted(R"({"a":"x","b":1,"c":-1,"d":true,"e":1.5,"f":[1,2],"g":{"h":1}})"),
              "\"a\" = \"x\"\n\"b\" = 1\n\"c\" = -1\n\"d\" = true\n\"e\" = 1.5\n\"f\" = []\n\"g\" = {}\n");
    EXPECT_EQ(converted("{}"), "");
}

TEST(TomlOfJson, NullIsNotGiven) {
    EXPECT_EQ(converted(R"({"a":null,"b":1})"), "\"b\" = 1\n");
}

TEST(TomlOfJson, NoIntegerIsTooLargeForToml) {
    EXPECT_EQ(converted(R"({"a":9223372036854775807})"), "\"a\" = 9223372036854775807\n");
    EXPECT_EQ(converted(R"({"a":18446744073709551615})"), "\"a\" = 1.8446744073709552e+19\n");
}

TEST(TomlOfJson, NoTextBecomesMoreThanOneValue) {
    EXPECT_EQ(converted(R"({"a\nb = 2":"x\"\ny = 1\u0000\u007f\\é"})"),
              "\"a\\nb = 2\" = \"x\\\"\\ny = 1\\u0000\\u007f\\\\é\"\n");
    EXPECT_EQ(toml_line("name", "a\"\nb"), "name = \"a\\\"\\nb\"\n");
}

}  // namespace
}  // namespace admin
