#include "admin/stream_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rfc3339.h"
#include "unit/admin/fake_streams.h"
#include "unit/admin/running_admin.h"

namespace admin {
namespace {

using namespace admin_test;
using namespace std::chrono_literals;
using testing::HasSubstr;

StreamControl::Subscribers two_subscribers() {
    const auto since = std::chrono::system_clock::now() - 90s;
    return {{.id = 3,
             .endpoint = "/events/main",
             .state = "blocked",
             .since = since,
             .next_id = 17,
             .lag_events = 4,
             .lag_bytes = 4000,
             .address = "10.0.0.5:51234",
             .encrypted = true},
            {.id = 8,
             .endpoint = "/events/sigs",
             .state = "replaying_from_storage",
             .since = since,
             .next_id = 1,
             .lag_events = 900,
             .lag_bytes = {},
             .address = {},
             .encrypted = false}};
}

class StreamRoutesTest : public testing::Test {
  protected:
    FakeStreams streams_{two_subscribers()};
    RunningAdmin admin_{stream_routes(streams_, base::make_null_log())};
};

TEST_F(StreamRoutesTest, ListsTheSubscribers) {
    const auto got = admin_.get("/subscribers");
    EXPECT_EQ(got.status, 200U);
    const auto list = got.json()["subscribers"];
    ASSERT_EQ(list.size(), 2U);
    auto first = list[0];
    EXPECT_GE(first["age_in_seconds"], 90);
    EXPECT_LT(first["age_in_seconds"], 150);
    EXPECT_TRUE(base::parse_rfc3339(first["since"].get<std::string>()));
    first.erase("age_in_seconds");
    first.erase("since");
    EXPECT_EQ(first,
              nlohmann::json::parse(R"({"id":3,"endpoint":"/events/main","state":"blocked","next_id":17,
        "lag_events":4,"lag_bytes":4000,"address":"10.0.0.5:51234","tls":true})"));
    EXPECT_TRUE(list[1]["lag_bytes"].is_null());
    EXPECT_EQ(list[1]["tls"], false);
}

TEST_F(StreamRoutesTest, EndsOne) {
    const auto got = admin_.change("DELETE", "/subscribers/3");
    EXPECT_EQ(got.status, 204U);
    EXPECT_EQ(got.body, "");
    ASSERT_EQ(streams_.subscribers().size(), 1U);
    EXPECT_EQ(streams_.subscribers().front().id, 8U);
    for (const auto* id : {"3", "0", "x", "-8", "8x", "18446744073709551616", "%38%20"}) {
        const auto missing = admin_.change("DELETE", std::string("/subscribers/") + id);
        EXPECT_EQ(missing.status, 404U) << id;
        EXPECT_NE(missing.message(), "") << id;
    }
    EXPECT_EQ(streams_.subscribers().size(), 1U);
}

TEST_F(StreamRoutesTest, DrainsAndEndsTheDrain) {
    const auto idle = admin_.get("/drain");
    EXPECT_EQ(idle.json(),
              nlohmann::json::parse(R"({"draining":false,"since":null,"seconds":null,"subscribers":2})"));
    auto got = admin_.change("POST", "/drain");
    EXPECT_EQ(got.status, 202U);
    EXPECT_EQ(got.json()["draining"], true);
    EXPECT_EQ(got.json()["seconds"], 30);
    EXPECT_EQ(got.json()["subscribers"], 2);
    got = admin_.change("POST", "/drain", R"({"seconds":5})");
    EXPECT_EQ(got.json()["seconds"], 5);
    EXPECT_EQ(admin_.change("POST", "/drain", "{}").json()["seconds"], 30);
    EXPECT_EQ(admin_.change("POST", "/drain", R"({"seconds":0})").json()["seconds"], 0);
    EXPECT_EQ(streams_.drains(), 4);
    EXPECT_EQ(admin_.get("/drain").json()["draining"], true);
    EXPECT_EQ(admin_.change("DELETE", "/drain").json()["draining"], false);
    EXPECT_EQ(admin_.change("DELETE", "/drain").status, 200U);
    EXPECT_EQ(admin_.get("/drain").json()["draining"], false);
}

TEST_F(StreamRoutesTest, ADrainThatMakesNoSenseChangesNothing) {
    for (const auto* body : {R"({"seconds":-1})", R"({"seconds":3601})", R"({"seconds":1.5})",
                             R"({"seconds":"30"})", R"({"seconds":null})", R"({"second":30})",
                             R"({"seconds":30,"why":1})", R"({"seconds":18446744073709551615})"}) {
        const auto got = admin_.change("POST", "/drain", body);
        EXPECT_EQ(got.status, 422U) << body;
        EXPECT_THAT(got.message(), HasSubstr("; expected ")) << body;
    }
    for (const auto* body : {"30", "[]", "{", "seconds=30", "{\"seconds\":30} x", "\xff"}) {
        const auto got = admin_.change("POST", "/drain", body);
        EXPECT_EQ(got.status, 400U) << body;
        EXPECT_THAT(got.message(), HasSubstr("no JSON object; expected one such as {\"seconds\":30}"))
            << body;
    }
    EXPECT_EQ(streams_.drains(), 0);
}

}  // namespace
}  // namespace admin
