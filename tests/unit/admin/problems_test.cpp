#include "admin/problems.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/remedies.h"
#include "unit/admin/fake_steering.h"

namespace admin {
namespace {

using admin_test::report_of;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using upstream::NodeCause;
using upstream::NodeState;

const Problem::Time kNow{std::chrono::hours(1'000'000)};

std::vector<Problem> problems_of_node(const upstream::NodeReport& node) {
    return problems_of({}, {node}, {}, kNow);
}

base::LoggedProblem logged(std::string message, Problem::Time last) {
    return {base::LoggedProblem::Severity::Error, std::move(message), last - std::chrono::minutes(5), last,
            7};
}

TEST(Problems, AreNoneWhereAllIsWell) {
    EXPECT_THAT(problems_of({}, {report_of("a")}, {}, kNow), IsEmpty());
}

TEST(Problems, BeginWithWhatKeepsTheSidecarFromBeingReady) {
    const auto problems = problems_of({"there is no node to read"}, {}, {logged("odd", kNow)}, kNow);
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_EQ(problems[0].source, Problem::Source::Readiness);
    EXPECT_TRUE(problems[0].ongoing);
    EXPECT_THAT(problems[0].remedy, HasSubstr("event-sidecar nodes add"));
    EXPECT_EQ(problems[1].source, Problem::Source::Log);
    EXPECT_FALSE(problems[1].ongoing);
    EXPECT_EQ(problems[1].times, 7U);
}

TEST(Problems, NameANodeThatIsNotReadWithItsErrorAndTheRemedy) {
    auto node = report_of("a", NodeState::Repairing);
    node.cause = NodeCause::StreamFailed;
    node.last_error = "connection refused";
    node.attempt = 3;
    const auto problems = problems_of_node(node);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].message, "a is repairing: connection refused");
    EXPECT_EQ(problems[0].severity, Problem::Severity::Error);
    EXPECT_THAT(problems[0].remedy, HasSubstr("sse_port"));

    node.state = NodeState::Initializing;  // it tries again, and has not come further yet
    node.cause = NodeCause::TimePassed;
    EXPECT_EQ(problems_of_node(node).size(), 1U);
}

TEST(Problems, ANodeOnItsWayIsNone) {
    EXPECT_THAT(problems_of_node(report_of("a", NodeState::Initializing)), IsEmpty());
    EXPECT_THAT(problems_of_node(report_of("a", NodeState::Connecting)), IsEmpty());
    auto reads_anew = report_of("a", NodeState::Repairing);
    reads_anew.cause = NodeCause::Gap;
    EXPECT_THAT(problems_of_node(reads_anew), IsEmpty());
}

TEST(Problems, ASuspendedNodeIsAWarningThatTellsTheWayBack) {
    const auto problems = problems_of_node(report_of("a", NodeState::Suspended));
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].severity, Problem::Severity::Warning);
    EXPECT_THAT(problems[0].remedy, HasSubstr("event-sidecar nodes resume a"));
}

TEST(Problems, ConditionsOfARunningNodeAreWarnings) {
    auto node = report_of("a");
    node.lagging = true;
    node.blocks_behind = 4;
    EXPECT_THAT(problems_of_node(node),
                ElementsAre(AllOf(Field(&Problem::message, "a is 4 blocks behind"),
                                  Field(&Problem::severity, Problem::Severity::Warning))));
    node.stalled = true;
    EXPECT_THAT(problems_of_node(node), ElementsAre(Field(&Problem::message, HasSubstr("stalled"))));
}

TEST(Problems, OfTheLogAndGapsComeTheLatestFirst) {
    auto node = report_of("a");
    node.gaps.push_back({.node = "a", .first = 5, .last = 9, .at = kNow - std::chrono::minutes(2)});
    node.gaps.push_back({.node = "a", .first = 1, .last = 2, .at = kNow - std::chrono::hours(48)});
    const auto problems = problems_of(
        {}, {node}, {logged("late", kNow), logged("early", kNow - std::chrono::minutes(10))}, kNow);
    EXPECT_THAT(problems, ElementsAre(Field(&Problem::message, "late"),
                                      Field(&Problem::message, HasSubstr("5 to 9 of events/main")),
                                      Field(&Problem::message, "early")));
}

// --- remedies ---

struct Line {
    const char* message;   ///< as the program logs it
    const char* expected;  ///< in the remedy
};

class RemedyTest : public ::testing::TestWithParam<Line> {};

TEST_P(RemedyTest, IsFoundForALineOfTheLog) {
    EXPECT_THAT(std::string(remedy_for(GetParam().message)), HasSubstr(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(
    Of, RemedyTest,
    ::testing::Values(
        Line{"events cannot be stored: disk is full; reading from the nodes pauses and goes on by itself",
             "disk"},
        Line{"since 2026-01-01T00:00:00.000Z events cannot be stored: database is locked", "disk"},
        Line{"events that others stored cannot be read: no connection; reading pauses", "database"},
        Line{"deleting old events failed and is tried again until it succeeds: disk I/O error", "disk"},
        Line{"deleting old events fails, as the log is damaged: event 5", "event-sidecar verify"},
        Line{"TLS: the certificate of /etc/x.pem expired on 2026-01-01, clients will not accept it",
             "SIGHUP"},
        Line{"SIGHUP: the certificate stays as it is: no such file", "SIGHUP again"},
        Line{"SIGHUP: nothing is changed, as the configuration has errors:\nx", "--check-config"},
        Line{"[rest_server] no new connection can be accepted now: too many files; raise", "LimitNOFILE"},
        Line{"the newest block, 5, was stored 700 s ago; ready_max_block_age_in_seconds is 300", "chain"},
        Line{"the loop that reads the nodes does not answer", "restart"},
        Line{"no node is read: a is repairing (refused)", "nodes add"},
        Line{"there is no node to read", "[[connections]]"},
        Line{"Connected node(s) are unavailable; exit_when_nodes_unavailable = false keeps", "nodes add"},
        Line{"node a: given up after 10 attempts in a row: refused", "nodes resume"},
        Line{"node a: refused (attempt 1 of 10); next in 1.0 s", "tried again"},
        Line{"node a: events/main: event skipped: no JSON (0 like it since the last such line): \"x\"",
             "newer"},
        Line{"node a: a gap: ids were not read, as it no longer holds them: 5 to 9", "other nodes"}));

TEST(Remedies, EachIsASentenceAndCanBeReached) {
    for (const auto& row : remedies()) {
        EXPECT_EQ(remedy_for(row.words), row.remedy) << row.words << ": an earlier row takes it";
        EXPECT_TRUE(row.remedy.ends_with('.')) << row.words;
    }
    EXPECT_EQ(remedy_for("something else"), "");
}

}  // namespace
}  // namespace admin
