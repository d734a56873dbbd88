#include "sim/fault.h"

#include <gtest/gtest.h>

#include "sim/fault_schedule.h"

namespace {

using namespace std::chrono_literals;
using base::Filter;
using sim::FaultKind;

TEST(Fault, ReadsWordsInAnyOrder) {
    const auto read = sim::parse_fault("  10s node=1 drop endpoint=sigs how=reset ", 3).value();
    EXPECT_EQ(read.at, 10s);
    EXPECT_FALSE(read.every);
    EXPECT_EQ(read.fault.kind, FaultKind::Drop);
    EXPECT_EQ(read.fault.node, 0U);
    EXPECT_EQ(read.fault.endpoint, Filter::Sigs);
    EXPECT_TRUE(read.fault.reset_connection);
    EXPECT_TRUE(read.fault.covers(Filter::Sigs));
    EXPECT_FALSE(read.fault.covers(Filter::Main));

    const auto turned = sim::parse_fault("how=reset drop endpoint=sigs node=1 10s", 3).value();
    EXPECT_EQ(turned.at, 10s);
    EXPECT_EQ(turned.fault.endpoint, Filter::Sigs);
}

TEST(Fault, ReadsTheDetailsOfEachKind) {
    const auto one = [](std::string_view text) { return sim::parse_fault(text, 3).value().fault; };
    EXPECT_EQ(one("stop for=2s").duration, 2s);
    EXPECT_FALSE(one("stop node=all").node);
    EXPECT_EQ(one("answer status=404").status, 404U);
    EXPECT_EQ(one("answer").status, 500U);
    EXPECT_EQ(one("api-version version=1.5.7").version, "1.5.7");
    EXPECT_EQ(one("status network=other").network, "other");
    EXPECT_TRUE(one("restart ids=reset buffer=empty").reset_ids);
    EXPECT_FALSE(one("restart ids=reset buffer=empty").keep_buffer);
    EXPECT_TRUE(one("restart").keep_buffer);
    EXPECT_EQ(one("malformed what=half-utf8").malformation, sim::Malformation::HalfUtf8);
    EXPECT_EQ(one("malformed what=oversize size=70MB").size, 70'000'000U);
    EXPECT_EQ(one("half-frame").kind, FaultKind::HalfFrame);
    EXPECT_EQ(one("shutdown for=1s").kind, FaultKind::Shutdown);
    EXPECT_EQ(one("silent").kind, FaultKind::Silent);
    EXPECT_EQ(one("resume").kind, FaultKind::Resume);
}

TEST(Fault, ARepeatedOneBeginsAfterItsFirstInterval) {
    EXPECT_EQ(sim::parse_fault("every=5s drop", 1).value().at, 5s);
    const auto read = sim::parse_fault("1s every=5s drop", 1).value();
    EXPECT_EQ(read.at, 1s);
    EXPECT_EQ(read.every, 5s);
}

TEST(Fault, SaysWhatIsWrong) {
    for (const auto* text :
         {"", "10s", "drop stop", "explode", "drop node=4", "drop node=0", "drop endpoint=events",
          "answer status=200", "api-version", "api-version version=x", "status", "drop for=5",
          "every=0s drop", "malformed what=x", "drop colour=red", "10x drop"}) {
        const auto read = sim::parse_fault(text, 3);
        ASSERT_FALSE(read) << text;
        EXPECT_TRUE(read.error().message.starts_with("fault '" + std::string(text) + "': "))
            << read.error().message;
    }
}

TEST(Fault, TheControlPortTakesLinesAndJson) {
    const auto lines = sim::parse_faults("drop node=1\n\n2s stop for=1s\n", 3).value();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1].at, 2s);

    const auto json =
        sim::parse_faults(R"([{"kind":"stop","node":2,"for":"1s","at":"500ms"},{"kind":"drop"}])", 3).value();
    ASSERT_EQ(json.size(), 2U);
    EXPECT_EQ(json[0].fault.kind, FaultKind::Stop);
    EXPECT_EQ(json[0].fault.node, 1U);
    EXPECT_EQ(json[0].at, 500ms);
    EXPECT_EQ(sim::parse_faults(R"({"kind":"answer","status":404})", 3).value()[0].fault.status, 404U);

    for (const auto* wrong :
         {"", "{", "[1]", R"({"node":1})", R"({"kind":"drop","node":9})", "drop\nexplode"}) {
        EXPECT_FALSE(sim::parse_faults(wrong, 3)) << wrong;
    }
}

TEST(FaultSchedule, TakesWhatIsDueInOrder) {
    sim::FaultSchedule schedule;
    schedule.add(sim::parse_fault("2s stop", 1).value());
    schedule.add(sim::parse_fault("1s drop", 1).value());
    EXPECT_EQ(schedule.next_time(), 1s);
    EXPECT_TRUE(schedule.take_due(999ms).empty());
    const auto due = schedule.take_due(2s);
    ASSERT_EQ(due.size(), 2U);
    EXPECT_EQ(due[0].kind, FaultKind::Drop);
    EXPECT_EQ(due[1].kind, FaultKind::Stop);
    EXPECT_FALSE(schedule.next_time());
}

TEST(FaultSchedule, RepeatsWithoutCatchingUp) {
    sim::FaultSchedule schedule;
    schedule.add(sim::parse_fault("every=5s drop", 1).value());
    EXPECT_EQ(schedule.take_due(5s).size(), 1U);
    EXPECT_EQ(schedule.next_time(), 10s);
    EXPECT_EQ(schedule.take_due(23s).size(), 1U);
    EXPECT_EQ(schedule.next_time(), 25s);
    schedule.clear();
    EXPECT_FALSE(schedule.next_time());
}

std::vector<std::string> storm_texts(std::string_view options, std::chrono::seconds length) {
    sim::FaultSchedule schedule;
    schedule.set_storm(sim::Storm(sim::parse_storm(options).value(), 3, 0s));
    std::vector<std::string> texts;
    for (const auto& fault : schedule.take_due(length)) texts.push_back(fault.text);
    return texts;
}

TEST(FaultSchedule, AStormFollowsFromItsSeed) {
    const auto storm = storm_texts("7,500ms", 1000s);
    EXPECT_EQ(storm, storm_texts("7,500ms", 1000s));
    EXPECT_NE(storm, storm_texts("8,500ms", 1000s));
    EXPECT_GT(storm.size(), 1700U);
    EXPECT_LT(storm.size(), 2300U);
    for (const auto& text : storm_texts("7,1s,drop+silent", 100s)) {
        EXPECT_TRUE(text.find(" drop ") != std::string::npos || text.find(" silent ") != std::string::npos)
            << text;
    }
}

TEST(FaultSchedule, AStormSaysWhatIsWrongWithIt) {
    for (const auto* wrong :
         {"", "7", "x,1s", "7,x", "7,0s", "7,1s,explode", "7,1s,shutdown", "7,1s,drop,stop"}) {
        EXPECT_FALSE(sim::parse_storm(wrong)) << wrong;
    }
}

}  // namespace
