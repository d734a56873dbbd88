#include "transfer/event_line.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "support/payloads.h"

namespace transfer {
namespace {

using base::Filter;
using base::Kind;
using storage::StoredEvent;

StoredEvent event_of(std::string payload, Kind kind = Kind::Step) {
    return {.id = 7,
            .kind = kind,
            .filter = base::row_of(kind).filter,
            .api_version = base::ApiVersion{1, 5, 6},
            .payload = std::move(payload)};
}

/// The line without its end, which must be there.
std::string line_of(const StoredEvent& event, LineForm form) {
    std::string line;
    append_line(line, event, form);
    EXPECT_TRUE(line.ends_with('\n'));
    line.pop_back();
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    return line;
}

EventLine parsed(const std::string& line) {
    auto result = parse_line(line);
    EXPECT_TRUE(result) << line << ": " << result.error().message;
    return result ? *result : EventLine{};
}

std::string fault_of(const std::string& line) {
    const auto result = parse_line(line);
    return result ? "none: " + result->payload : result.error().message;
}

TEST(EventLine, ThePayloadIsTheLine) {
    const auto event = event_of(support::payload(Kind::DeployAccepted, 3), Kind::DeployAccepted);
    EXPECT_EQ(line_of(event, LineForm::Payload), event.payload);
    EXPECT_EQ(parsed(event.payload).payload, event.payload);
}

TEST(EventLine, WithItsIdTheLineSaysMore) {
    auto event = event_of(R"({"Step":{"era_id":1}})");
    EXPECT_EQ(line_of(event, LineForm::WithId),
              R"({"id":7,"api_version":"1.5.6","payload":{"Step":{"era_id":1}}})");
    event.api_version = {};
    EXPECT_EQ(line_of(event, LineForm::WithId), R"({"id":7,"payload":{"Step":{"era_id":1}}})");
}

TEST(EventLine, AShutdownSaysWhereItBelongs) {
    for (const auto filter : {Filter::Main, Filter::Deploys, Filter::Sigs, Filter::Sidecar}) {
        auto event = event_of("\"Shutdown\"", Kind::Shutdown);
        event.filter = filter;
        const auto line = parsed(line_of(event, LineForm::WithId));
        EXPECT_EQ(line.source, filter);
        EXPECT_EQ(line.payload, "\"Shutdown\"");
        EXPECT_EQ(line_of(event, LineForm::Payload), "\"Shutdown\"");
    }
}

TEST(EventLine, BothFormsGiveEveryPayloadBackByteForByte) {
    const std::vector<std::string> payloads{
        support::payload(Kind::DeployAccepted, 1),
        "{\"Step\":\n{\"era_id\":1}}",
        "{\"Step\":{\r\n\t\"text\":\"a \\n \\\"b\\\" \\\\ \\u0001\"}}\n",
        " { \"Step\" : { \"era_id\" : 1 , \"list\":[1, 2 ,\t3 ] } }",
        R"({"Step":{"era_id":1}} )",
        R"({"Step":{"text":"}{\"payload\":"}})",
        "{\"Step\":{\"\xc3\xa9\":\"\xf0\x9f\x90\xb1\"}}",
        R"({"Step":{}})",
        "{\"Step\":\"" + std::string(3'000'000, 'x') + "\"}",
    };
    for (const auto& payload : payloads) {
        for (const auto form : {LineForm::Payload, LineForm::WithId}) {
            EXPECT_EQ(parsed(line_of(event_of(payload), form)).payload, payload);
        }
        const auto line = parsed(line_of(event_of(payload), LineForm::WithId));
        EXPECT_EQ(line.id, 7U);
        EXPECT_EQ(line.api_version.to_string(), "1.5.6");
    }
}

TEST(EventLine, WhatOtherProgramsMadeOfItCanBeReadToo) {
    const auto line = parsed(
        R"( { "payload" : {"Step": {"era_id": 1}} , "note": [1,{"a":2}], "api_version": "1.5.6", "id": 9 } )");
    EXPECT_EQ(line.payload, R"({"Step": {"era_id": 1}})");
    EXPECT_EQ(line.id, 9U);
    EXPECT_EQ(line.api_version.to_string(), "1.5.6");
    EXPECT_EQ(parsed(R"({"id":9,"payload":"Shutdown","source":"events/sigs"})").payload, "\"Shutdown\"");
}

TEST(EventLine, ALineThatCannotBeReadToItsEndIsAFault) {
    for (const std::string line :
         {R"({"id":7,"payload":{"Step":{"era_id":1}})", R"({"id":7,"payload":{"Step":{"era_id":1})",
          R"({"id":7,"payload":{"Step":{"era_id":1}}} {})", R"({"id":7})", R"({"id":7,)",
          R"({"id":0,"payload":{}})", R"({"id":-1,"payload":{}})", R"({"id":"7","payload":{}})",
          R"({"id":9007199254740992,"payload":{}})", R"({"api_version":"one","payload":{}})",
          R"({"api_version":1,"payload":{}})", R"({"source":"events/nowhere","payload":{}})",
          R"({"payload_text":{}})", R"({"payload":)", "{\"payload_text\":\"a\nb\"}",
          "{\"payload\":{\"Step\":[1,}}"}) {
        EXPECT_TRUE(fault_of(line).starts_with("not a line that export wrote"))
            << line << ": " << fault_of(line);
    }
}

TEST(EventLine, WhatDoesNotBeginAsAnExportedLineIsAPayloadWhateverItIs) {
    for (const std::string line :
         {"", "nonsense", "{", "{\"", R"({"Foo":1})", R"(["id"])", R"({"identity":1})", "\"id\""})
        EXPECT_EQ(parsed(line).payload, line);
}

}  // namespace
}  // namespace transfer
