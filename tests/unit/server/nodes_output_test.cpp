#include "server/nodes_output.h"

#include <gtest/gtest.h>

#include "server/text_table.h"

namespace server {
namespace {

using nlohmann::ordered_json;

const auto kNodes = ordered_json::parse(R"([
  {"name":"a","state":"running","since":"2026-01-31T12:00:00.123Z","height":1234,"blocks_behind":0,
   "build_version":"1.5.8","conditions":["partial","lagging"],"gap_count":2,"last_error":"an old error"},
  {"name":"a longer näme","state":"repairing","since":"2026-01-31T12:00:01.000Z","attempt":2,"max_attempts":10,
   "next_attempt":"2026-01-31T12:00:06.000Z","last_error":"connection refused","height":null,"blocks_behind":3,
   "build_version":"","conditions":[]},
  {"name":"c","state":"defunct","last_error":"no answer"},
  {}
])");

TEST(NodesOutput, NodesAreAnAlignedTable) {
    EXPECT_EQ(
        describe_nodes(kNodes),
        "NAME           STATE      SINCE                 HEIGHT  BEHIND  VERSION  CONDITIONS        GAPS\n"
        "a              running    2026-01-31T12:00:00Z  1234    0       1.5.8    partial, lagging  2\n"
        "a longer näme  repairing  2026-01-31T12:00:01Z  -       3       -        -                 -     "
        "attempt 2 of 10, next 2026-01-31T12:00:06Z: connection refused\n"
        "c              defunct    -                     -       -       -        -                 -     "
        "no answer\n"
        "-              -          -                     -       -       -        -                 -\n");
    EXPECT_EQ(describe_nodes(ordered_json::array()),
              "NAME  STATE  SINCE  HEIGHT  BEHIND  VERSION  CONDITIONS  GAPS\n");
}

TEST(NodesOutput, ANodeIsALineForEachMember) {
    const auto node = ordered_json::parse(
        R"({"name":"a","rest_port":8888,"height":null,"last_error":"",
            "endpoints":{"main":true,"deploys":false,"sigs":true},"conditions":["partial","stalled"]})");
    EXPECT_EQ(describe_node(node),
              "name: a\nrest_port: 8888\nheight: -\nlast_error: -\nendpoints: main, sigs\n"
              "conditions: partial, stalled\n");
    EXPECT_EQ(describe_state(kNodes[0]), "node a: running\n");
    EXPECT_EQ(describe_state(ordered_json()), "node -: -\n");
}

TEST(NodesOutput, EachGapOfANodeIsALine) {
    const auto node = ordered_json::parse(R"({"gap_count":2,"gaps":[
        {"endpoint":"sigs","first_id":7,"last_id":null,"generation":0,"at":"2026-01-31T12:00:02.000Z"},
        {"endpoint":"main","first_id":1,"last_id":5,"generation":0,"at":"2026-01-31T12:00:01.000Z"}]})");
    EXPECT_EQ(describe_node(node),
              "gap_count: 2\ngaps:\n"
              "  2026-01-31T12:00:02Z  events/sigs: ids 7 and on, until its ids began again were not read\n"
              "  2026-01-31T12:00:01Z  events/main: ids 1 to 5 were not read\n");
    EXPECT_EQ(describe_node(ordered_json::parse(R"({"gaps":[]})")), "gaps: -\n");
}

TEST(NodesOutput, AHistoryKeepsItsOrder) {
    const auto history = ordered_json::parse(R"([
      {"at":"2026-01-31T12:00:02.000Z","from":"running","to":"repairing","cause":"silent","attempt":1,"height":7,
       "build_version":"1.5.8","message":"nothing came"},
      {"at":"2026-01-31T12:00:01.000Z","from":"connecting","to":"running","cause":"connected","attempt":0,
       "height":null,"build_version":"1.5.8","message":""}])");
    EXPECT_EQ(
        describe_history(history),
        "AT                    FROM        TO         CAUSE      ATTEMPT  HEIGHT  VERSION  MESSAGE\n"
        "2026-01-31T12:00:02Z  running     repairing  silent     1        7       1.5.8    nothing came\n"
        "2026-01-31T12:00:01Z  connecting  running    connected  0        -       1.5.8\n");
}

TEST(NodesOutput, NothingThatANodeSentControlsTheTerminal) {
    EXPECT_EQ(printable("a\x1b[31m\r\nb\x7f\xc2\x9b"
                        "c ä"),
              "a [31m  b  c ä");
    const auto node = ordered_json::parse(R"({"name":"a","message":"x\u001b[2J\ny"})");
    EXPECT_EQ(describe_node(node), "name: a\nmessage: x [2J y\n");
}

TEST(NodesOutput, LongErrorsAreShortened) {
    EXPECT_EQ(shortened("äöü", 3), "äöü");
    EXPECT_EQ(shortened("äöüß", 3), "äö…");
    EXPECT_EQ(shortened("abc", 2), "a…");
    const ordered_json nodes = {{{"name", "a"}, {"state", "defunct"}, {"last_error", std::string(500, 'x')}}};
    EXPECT_LT(describe_nodes(nodes).size(), 300U);
}

}  // namespace
}  // namespace server
