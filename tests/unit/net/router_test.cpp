#include "net/router.h"

#include <array>
#include <gtest/gtest.h>
#include <stdexcept>

namespace net {
namespace {

using Reason = RouteMiss::Reason;
using Parameters = std::vector<std::string>;

/// As a room has it: with a column of its own.
struct Row : Route {
    int number = 0;
};

constexpr std::array<Row, 6> kRows{{{{"GET", "/"}, 1},
                                    {{"GET", "/block"}, 2},
                                    {{"GET", "/block/{hash}"}, 3},
                                    {{"GET", "/deploy/accepted/{hash}"}, 4},
                                    {{"POST, DELETE", "/block/{hash}"}, 5},
                                    {{"GET", "/docs/"}, 6}}};

std::pair<int, Parameters> found(std::string_view method, std::string_view path) {
    const auto result = Router(kRows).find(method, path);
    const auto* match = std::get_if<RouteMatch>(&result);
    if (match == nullptr) return {0, {}};
    return {kRows.at(match->row).number, match->parameters};
}

RouteMiss missed(std::string_view method, std::string_view path) {
    const auto result = Router(kRows).find(method, path);
    const auto* miss = std::get_if<RouteMiss>(&result);
    if (miss == nullptr) ADD_FAILURE() << method << ' ' << path << " was found";
    return miss == nullptr ? RouteMiss{} : *miss;
}

TEST(Router, FindsRows) {
    EXPECT_EQ(found("GET", "/"), std::pair(1, Parameters{}));
    EXPECT_EQ(found("GET", "/block"), std::pair(2, Parameters{}));
    EXPECT_EQ(found("GET", "/block/ab"), std::pair(3, Parameters{"ab"}));
    EXPECT_EQ(found("GET", "/deploy/accepted/ab"), std::pair(4, Parameters{"ab"}));
    EXPECT_EQ(found("DELETE", "/block/ab"), std::pair(5, Parameters{"ab"}));
    EXPECT_EQ(found("HEAD", "/block/ab"), std::pair(3, Parameters{"ab"}));
}

TEST(Router, OverlooksOneSlashAtTheEnd) {
    EXPECT_EQ(found("GET", "/block/").first, 2);
    EXPECT_EQ(found("GET", "/block/ab/"), std::pair(3, Parameters{"ab"}));
    EXPECT_EQ(found("GET", "/docs").first, 6);
    EXPECT_EQ(found("GET", "/docs/").first, 6);
    EXPECT_EQ(found("GET", "/docs//").first, 0);
}

TEST(Router, KnowsNoOtherPaths) {
    for (const char* path : {"", "block", "/Block", "/block//", "/block//ab", "/block/a/b", "/deploy",
                             "/deploy/accepted", "/deploy/accepted/", "*", "/bl%6Fck"}) {
        EXPECT_EQ(missed("GET", path).reason, Reason::UnknownPath) << path;
    }
}

TEST(Router, DecodesAParameterAfterCutting) {
    EXPECT_EQ(found("GET", "/block/a%2Fb%20c").second, Parameters{"a/b c"});
    EXPECT_EQ(found("GET", "/block/%2e%2E").second, Parameters{".."});
    EXPECT_EQ(found("GET", "/block/a+b").second, Parameters{"a+b"});
    EXPECT_EQ(found("GET", "/block/%C3%A9").second, Parameters{"\xC3\xA9"});
    EXPECT_EQ(found("GET", "/block/%252F").second, Parameters{"%2F"});
    for (const char* path :
         {"/block/%", "/block/%2", "/block/%zz", "/block/%00", "/block/%C3", "/block/%FF"}) {
        EXPECT_EQ(missed("GET", path).reason, Reason::BadEncoding) << path;
    }
}

TEST(Router, TellsWhatAPathAllows) {
    EXPECT_EQ(missed("PUT", "/block/ab").reason, Reason::WrongMethod);
    EXPECT_EQ(missed("PUT", "/block/ab").allow, "GET, HEAD, POST, DELETE, OPTIONS");
    EXPECT_EQ(missed("POST", "/block").allow, "GET, HEAD, OPTIONS");
    EXPECT_EQ(missed("get", "/block").reason, Reason::WrongMethod) << "methods have a case";
    EXPECT_EQ(missed("OPTIONS", "/block").reason, Reason::Options);
    EXPECT_EQ(missed("OPTIONS", "/block").allow, "GET, HEAD, OPTIONS");
    EXPECT_EQ(missed("OPTIONS", "*").reason, Reason::Options);
    EXPECT_EQ(missed("OPTIONS", "*").allow, "GET, HEAD, POST, DELETE, OPTIONS");
    EXPECT_EQ(missed("OPTIONS", "/nope").reason, Reason::UnknownPath);
}

TEST(Router, RefusesPatternsThatAreNone) {
    for (const char* pattern : {"block", "", "/block/{", "/block/{}", "/block/a{b}", "/block/{a}b"}) {
        const std::array<Route, 1> rows{{{"GET", pattern}}};
        EXPECT_THROW(Router{rows}, std::invalid_argument) << pattern;
    }
}

}  // namespace
}  // namespace net
