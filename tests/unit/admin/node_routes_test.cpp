#include "admin/node_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>

#include "support/process.h"
#include "unit/admin/fake_node_store.h"
#include "unit/admin/fake_steering.h"
#include "unit/admin/running_admin.h"
#include "unit/admin/running_socket.h"

namespace admin {
namespace {

using namespace admin_test;
using testing::HasSubstr;

class NodeRoutesTest : public testing::Test {
  protected:
    upstream::NodeState state_of(const std::string& name) {
        for (const auto& node : steering_.nodes())
            if (node.name == name) return node.state;
        return upstream::NodeState::Deleted;
    }

    FakeSteering steering_{{report_of("a"), report_of("127.0.0.1:9999", upstream::NodeState::Defunct)}};
    FakeNodeStore store_;
    NodeCommands nodes_{steering_, store_, parse_nothing};
    RunningAdmin admin_{node_routes(nodes_)};
};

TEST_F(NodeRoutesTest, ListsAndShowsThem) {
    const auto all = admin_.get("/nodes");
    EXPECT_EQ(all.status, 200U);
    EXPECT_THAT(all.head, HasSubstr("cache-control: no-store"));
    const auto nodes = all.json()["nodes"];
    ASSERT_EQ(nodes.size(), 2U);
    EXPECT_EQ(nodes[0]["name"], "a");
    EXPECT_EQ(nodes[1]["state"], "defunct");
    for (const auto* path :
         {"/nodes/127.0.0.1:9999", "/nodes/127.0.0.1%3A9999", "/nodes/127.0.0.1%3a9999/"}) {
        const auto one = admin_.get(path);
        EXPECT_EQ(one.status, 200U) << path;
        EXPECT_EQ(one.json(), nodes[1]) << path;
    }
    const auto unknown = admin_.get("/nodes/c");
    EXPECT_EQ(unknown.status, 404U);
    EXPECT_EQ(unknown.message(), "no node is named \"c\"; the nodes are \"a\", \"127.0.0.1:9999\"");
    EXPECT_EQ(admin_.get("/nodes/%zz").status, 400U);
}

TEST_F(NodeRoutesTest, SuspendsResumesAndRemovesOne) {
    EXPECT_EQ(admin_.change("POST", "/nodes/a/suspend").json()["state"], "suspended");
    EXPECT_EQ(state_of("a"), upstream::NodeState::Suspended);
    EXPECT_EQ(admin_.change("POST", "/nodes/a/resume").json()["state"], "initializing");
    EXPECT_EQ(admin_.change("DELETE", "/nodes/127.0.0.1%3A9999").status, 204U);
    EXPECT_EQ(state_of("127.0.0.1:9999"), upstream::NodeState::Deleting);
    for (const auto* method : {"POST /nodes/c/suspend", "POST /nodes/c/resume", "DELETE /nodes/c"}) {
        const std::string_view line = method;
        const auto space = line.find(' ');
        const auto got = admin_.change(line.substr(0, space), line.substr(space + 1));
        EXPECT_EQ(got.status, 404U) << method;
        EXPECT_THAT(got.message(), HasSubstr("there is no node c")) << method;
    }
}

TEST_F(NodeRoutesTest, GivesTheHistoryUpToALimit) {
    for (const auto* state : {"connecting", "running", "repairing"}) {
        storage::NodeObservation observation;
        observation.node = "a";
        observation.to = state;
        store_.note(observation);
    }
    const auto history = admin_.get("/nodes/a/history?limit=2").json()["history"];
    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(history[0]["to"], "repairing");
    EXPECT_EQ(history[1]["to"], "running");
    EXPECT_EQ(admin_.get("/nodes/a/history").json()["history"].size(), 3U);
    EXPECT_EQ(admin_.get("/nodes/127.0.0.1:9999/history").json()["history"].size(), 0U);
    EXPECT_EQ(admin_.get("/nodes/c/history").status, 404U);
    for (const auto* query : {"limit=0", "limit=201", "limit=-1", "limit=x", "limit=", "limit", "limit=1.5",
                              "limit=1&limit=2", "most=3", "limit=%zz", "limit=99999999999999999999"}) {
        const auto got = admin_.get(std::string("/nodes/a/history?") + query);
        EXPECT_EQ(got.status, 422U) << query;
        EXPECT_THAT(got.message(), HasSubstr("limit, an integer from 1 to 200")) << query;
    }
    store_.fail("the database is locked");
    const auto failed = admin_.get("/nodes/a/history");
    EXPECT_EQ(failed.status, 503U);
    EXPECT_EQ(failed.message(), "the database is locked");
    EXPECT_THAT(failed.head, HasSubstr("retry-after: 5"));
}

TEST_F(NodeRoutesTest, AHistoryThatIsReadHoldsUpNoOtherRequest) {
    store_.block(true);
    support::RawClient waiting(admin_.port());
    waiting.send("GET /nodes/a/history HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    ASSERT_TRUE(support::eventually([this] { return store_.readers() == 1; }));
    EXPECT_EQ(admin_.get("/nodes").status, 200U);
    store_.block(false);
    EXPECT_TRUE(waiting.read_until_contains("{\"history\":[]}"));
}

TEST_F(NodeRoutesTest, AnAnswerMayComeAfterTheClientLeftOrTheServerStopped) {
    steering_.hold();
    {
        support::RawClient gone(admin_.port());
        gone.send("POST /nodes/a/suspend HTTP/1.1\r\nhost: x\r\n" + std::string(kToken) + "\r\n");
        ASSERT_TRUE(support::eventually([this] { return steering_.held() == 1; }));
    }
    support::RawClient waiting(admin_.port());
    waiting.send("POST /nodes/a/resume HTTP/1.1\r\nhost: x\r\n" + std::string(kToken) + "\r\n");
    ASSERT_TRUE(support::eventually([this] { return steering_.held() == 2; }));
    admin_.server().stop();
    steering_.release();
    steering_.wait();
    EXPECT_EQ(state_of("a"), upstream::NodeState::Initializing);
}

}  // namespace
}  // namespace admin
