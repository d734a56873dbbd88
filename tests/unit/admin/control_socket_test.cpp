#include "admin/control_socket.h"

#include <algorithm>
#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <thread>

#include "support/process.h"
#include "unit/admin/local_client.h"
#include "unit/admin/running_socket.h"

namespace admin {
namespace {

using namespace admin_test;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

class ControlSocketTest : public testing::Test {
  protected:
    void open(ControlSocketOptions options = {}) {
        options.path = path_;
        socket_.emplace(options, steering_, store_);
    }
    LocalClient connect() { return LocalClient(path_); }
    std::string ask(std::string_view line) { return connect().ask(line); }

    support::TemporaryFolder folder_;
    const std::filesystem::path path_ = folder_.path() / "control.sock";
    FakeSteering steering_{{report_of("a"), report_of("b", upstream::NodeState::Defunct)}};
    FakeNodeStore store_;
    std::optional<RunningSocket> socket_;
};

TEST_F(ControlSocketTest, ListsTheNodes) {
    open();
    const auto answer = ask(R"({"command":"list"})");
    EXPECT_THAT(answer, StartsWith(R"({"ok":true,"nodes":[{"name":"a",)"));
    EXPECT_THAT(answer,
                HasSubstr(R"("name":"b","address":"10.0.0.1:9999","rest_port":8888,"state":"defunct")"));
    EXPECT_EQ(std::count(answer.begin(), answer.end(), '\n'), 1);
    EXPECT_TRUE(answer.ends_with("}\n"));
}

TEST_F(ControlSocketTest, ShowsAndChangesOneNode) {
    open();
    EXPECT_THAT(ask(R"({"command":"show","node":"b"})"), StartsWith(R"({"ok":true,"node":{"name":"b",)"));
    EXPECT_THAT(ask(R"({"command":"suspend","node":"a"})"), HasSubstr(R"("state":"suspended")"));
    EXPECT_THAT(ask(R"({"command":"resume","node":"a"})"), HasSubstr(R"("state":"initializing")"));
    EXPECT_THAT(ask(R"({"command":"remove","node":"a"})"), HasSubstr(R"("state":"deleting")"));
    EXPECT_EQ(steering_.nodes().front().state, upstream::NodeState::Deleting);
}

TEST_F(ControlSocketTest, AddsANode) {
    open();
    EXPECT_THAT(ask(R"({"command":"add","configuration":"x = 1\ny = 2"})"),
                StartsWith(R"({"ok":true,"node":{"name":"new",)"));
    ASSERT_EQ(steering_.added().size(), 1U);
    EXPECT_EQ(steering_.added().front().configuration, "x = 1\ny = 2");
    EXPECT_EQ(ask(R"({"command":"add","configuration":"wrong"})"),
              "{\"ok\":false,\"error\":\"sse_port: is missing\\nrest_port: is missing\"}\n");
    EXPECT_EQ(steering_.added().size(), 1U);
}

TEST_F(ControlSocketTest, GivesTheHistoryUpToALimit) {
    for (const auto* state : {"connecting", "running", "repairing"}) {
        storage::NodeObservation observation;
        observation.node = "a";
        observation.to = state;
        store_.note(observation);
    }
    open();
    const auto answer = ask(R"({"command":"history","node":"a","limit":2})");
    EXPECT_THAT(answer, StartsWith(R"({"ok":true,"history":[{"node":"a",)"));
    EXPECT_LT(answer.find("repairing"), answer.find("running"));
    EXPECT_EQ(answer.find("connecting"), std::string::npos);
    EXPECT_EQ(ask(R"({"command":"history","node":"b"})"), "{\"ok\":true,\"history\":[]}\n");
    EXPECT_THAT(ask(R"({"command":"history","node":"c"})"), HasSubstr("no node is named"));
    store_.fail("the database is locked");
    EXPECT_EQ(ask(R"({"command":"history","node":"a"})"),
              "{\"ok\":false,\"error\":\"the database is locked\"}\n");
}

TEST_F(ControlSocketTest, TellsWhetherTheSidecarIsReadyAndIfNotWhy) {
    open();
    EXPECT_EQ(ask(R"({"command":"status"})"), "{\"ok\":true,\"ready\":true,\"reasons\":[]}\n");
    socket_->set_storage_problems({"events cannot be stored"});
    EXPECT_EQ(ask(R"({"command":"status"})"),
              "{\"ok\":true,\"ready\":false,\"reasons\":[\"events cannot be stored\"]}\n");
    for (const auto* node : {"a", "b"}) ask(fmt::format(R"({{"command":"suspend","node":"{}"}})", node));
    EXPECT_EQ(ask(R"({"command":"status"})"),
              "{\"ok\":true,\"ready\":false,\"reasons\":[\"events cannot be stored\","
              "\"no node is read: a is suspended; b is suspended\"]}\n");
}

TEST_F(ControlSocketTest, AnswersWhatIsWrong) {
    open();
    const auto error_of = [this](std::string_view line) {
        const auto answer = ask(line);
        EXPECT_THAT(answer, StartsWith(R"({"ok":false,"error":")"));
        return answer;
    };
    for (const auto* garbage :
         {"hello", "{", "[]", "7", "null", "\xff\xfe", "{\"command\":\"list\"} x", ""}) {
        EXPECT_THAT(error_of(garbage), HasSubstr("cannot be read; expected one line of JSON")) << garbage;
    }
    EXPECT_THAT(error_of("{}"), HasSubstr("names no command"));
    EXPECT_THAT(error_of(R"({"command":7})"), HasSubstr("names no command"));
    EXPECT_THAT(error_of(R"({"command":"reboot"})"),
                HasSubstr("expected one of list, show, suspend, resume, add, remove, history, status"));
    EXPECT_THAT(error_of(R"({"command":"show"})"), HasSubstr("show needs"));
    EXPECT_THAT(error_of(R"({"command":"show","node":7})"), HasSubstr("show needs"));
    EXPECT_THAT(error_of(R"({"command":"suspend","node":""})"), HasSubstr("suspend needs"));
    EXPECT_THAT(error_of(R"({"command":"add","node":"a"})"), HasSubstr("add needs"));
    EXPECT_THAT(error_of(R"({"command":"show","node":"c"})"),
                HasSubstr(R"(no node is named \"c\"; the nodes are \"a\", \"b\")"));
    EXPECT_THAT(error_of(R"({"command":"suspend","node":"c"})"), HasSubstr("there is no node c"));
    for (const auto* limit : {"0", "201", "-1", "1.5", "\"1\"", "null"}) {
        EXPECT_THAT(error_of(std::string(R"({"command":"history","node":"a","limit":)") + limit + "}"),
                    HasSubstr("no integer from 1 to 200"));
    }
    EXPECT_THAT(error_of(std::string(60'000, '[')), HasSubstr("cannot be read"));
}

TEST_F(ControlSocketTest, ALineMayEndWithTheInput) {
    open();
    auto client = connect();
    client.send(R"({"command":"list"})");
    client.end_of_input();
    EXPECT_THAT(client.read_to_end(), StartsWith(R"({"ok":true)"));
    auto silent = connect();
    silent.end_of_input();
    EXPECT_EQ(silent.read_to_end(), "");
}

TEST_F(ControlSocketTest, RefusesALineThatIsTooLong) {
    open();
    auto client = connect();
    client.send(std::string(300'000, 'x') + "\n");
    EXPECT_THAT(client.read_to_end(), HasSubstr("too long; expected one line of 65536 bytes at most"));
}

TEST_F(ControlSocketTest, EndsAClientThatIsSilent) {
    open({.request_time = 1000ms});
    auto silent = connect();
    auto slow = connect();
    slow.send("{\"command\":");
    EXPECT_THAT(silent.read_to_end(), HasSubstr("no request came within 1000 ms"));
    EXPECT_THAT(slow.read_to_end(), HasSubstr("no request came within 1000 ms"));
    EXPECT_THAT(ask(R"({"command":"list"})"), StartsWith(R"({"ok":true)"));
}

TEST_F(ControlSocketTest, ClientsDoNotWaitForEachOther) {
    open();
    auto idle = connect();
    steering_.hold();
    auto first = connect();
    first.send("{\"command\":\"list\"}\n");
    ASSERT_TRUE(support::eventually([this] { return steering_.held() == 1; }));
    EXPECT_THAT(ask("garbage"), HasSubstr("cannot be read"));
    steering_.release();
    EXPECT_THAT(first.read_to_end(), StartsWith(R"({"ok":true)"));
    EXPECT_THAT(idle.ask(R"({"command":"list"})"), StartsWith(R"({"ok":true)"));
}

TEST_F(ControlSocketTest, ClientsAboveTheLimitWaitForTheirTurn) {
    open({.max_connections = 2});
    auto first = connect();
    auto second = connect();
    auto third = connect();
    third.send("{\"command\":\"list\"}\n");
    EXPECT_EQ(third.read_to_end(100ms), "(no end)");
    first.close();
    EXPECT_THAT(third.read_to_end(), StartsWith(R"({"ok":true)"));
    EXPECT_THAT(second.ask(R"({"command":"list"})"), StartsWith(R"({"ok":true)"));
}

TEST_F(ControlSocketTest, HistoryHoldsUpNobody) {
    open();
    store_.block(true);
    auto waiting = connect();
    waiting.send("{\"command\":\"history\",\"node\":\"a\"}\n");
    ASSERT_TRUE(support::eventually([this] { return store_.readers() == 1; }));
    EXPECT_THAT(ask(R"({"command":"list"})"), StartsWith(R"({"ok":true)"));
    store_.block(false);
    EXPECT_EQ(waiting.read_to_end(), "{\"ok\":true,\"history\":[]}\n");
}

TEST_F(ControlSocketTest, AnAnswerMayComeAfterTheClientLeft) {
    open();
    steering_.hold();
    auto client = connect();
    client.send("{\"command\":\"suspend\",\"node\":\"a\"}\n");
    ASSERT_TRUE(support::eventually([this] { return steering_.held() == 1; }));
    client.close();
    steering_.release();
    EXPECT_THAT(ask(R"({"command":"show","node":"a"})"), HasSubstr("suspended"));
}

TEST_F(ControlSocketTest, AnAnswerThatDoesNotComeIsNotWaitedForForEver) {
    open({.answer_time = 50ms});
    steering_.hold();
    EXPECT_THAT(ask(R"({"command":"suspend","node":"a"})"), HasSubstr("there is no answer yet"));
    steering_.release();
    EXPECT_THAT(ask("garbage"), HasSubstr("cannot be read"));
}

TEST_F(ControlSocketTest, StopEndsThoseThatWait) {
    open();
    steering_.hold();
    auto waiting = connect();
    waiting.send("{\"command\":\"list\"}\n");
    auto idle = connect();
    ASSERT_TRUE(support::eventually([this] { return steering_.held() == 1; }));
    socket_->stop();
    EXPECT_FALSE(std::filesystem::exists(path_));
    EXPECT_EQ(waiting.read_to_end(), "");
    EXPECT_EQ(idle.read_to_end(), "");
    steering_.release();
    steering_.wait();
}

TEST_F(ControlSocketTest, AnAnswerMayComeAfterTheEnd) {
    open();
    steering_.hold();
    auto waiting = connect();
    waiting.send("{\"command\":\"list\"}\n");
    ASSERT_TRUE(support::eventually([this] { return steering_.held() == 1; }));
    socket_->destroy();
    EXPECT_EQ(waiting.read_to_end(), "");
    socket_.reset();
    steering_.release();
    steering_.wait();
}

TEST_F(ControlSocketTest, TheEndWaitsForTheHistoryThatIsRead) {
    open();
    store_.block(true);
    auto first = connect();
    first.send("{\"command\":\"history\",\"node\":\"a\"}\n");
    ASSERT_TRUE(support::eventually([this] { return store_.readers() == 1; }));
    auto second = connect();
    second.send("{\"command\":\"history\",\"node\":\"b\"}\n");
    std::atomic<bool> ended = false;
    std::thread ending([this, &ended] {
        socket_.reset();
        ended = true;
    });
    EXPECT_EQ(first.read_to_end(), "");
    EXPECT_EQ(second.read_to_end(), "");
    EXPECT_FALSE(ended);
    store_.block(false);
    ending.join();
}

}  // namespace
}  // namespace admin
