#include "admin/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/block_age.h"
#include "unit/admin/fake_steering.h"

namespace admin {
namespace {

using namespace std::chrono_literals;
using admin_test::report_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using upstream::NodeReport;
using upstream::NodeState;

class ReadinessTest : public testing::Test {
  protected:
    admin_test::FakeSteering steering_{{}};
    Readiness::Reasons problems_;
    Readiness readiness_{steering_, {[this] { return problems_; }, [] { return Readiness::Reasons(); }}};
};

TEST_F(ReadinessTest, OneNodeThatIsReadIsEnough) {
    std::vector<NodeReport> nodes{report_of("one", NodeState::Defunct), report_of("two")};
    EXPECT_THAT(readiness_.reasons(&nodes), IsEmpty());
    nodes[1].state = NodeState::Repairing;
    nodes[1].last_error = "connection refused";
    EXPECT_THAT(readiness_.reasons(&nodes),
                ElementsAre("no node is read: one is defunct; two is repairing (connection refused)"));
    nodes.clear();
    EXPECT_THAT(readiness_.reasons(&nodes), ElementsAre("there is no node to read"));
    EXPECT_THAT(readiness_.reasons(nullptr), ElementsAre("the loop that reads the nodes does not answer"));
}

TEST_F(ReadinessTest, TheReasonsOfAllSourcesCount) {
    problems_ = {"a", "b"};
    const std::vector<NodeReport> nodes;
    EXPECT_THAT(readiness_.reasons(&nodes), ElementsAre("a", "b", "there is no node to read"));
}

TEST(BlockAge, IsWrongAboveTheLimitOnly) {
    EXPECT_THAT(age_problems({.height = 7, .age = 180s}, 180s), IsEmpty());
    EXPECT_THAT(
        age_problems({.height = 7, .age = 181s}, 180s),
        ElementsAre("the newest block, 7, was stored 181 s ago; ready_max_block_age_in_seconds is 180"));
    EXPECT_THAT(age_problems({.height = {}, .age = 4s}, 3s),
                ElementsAre("no block came since the start, 4 s ago; ready_max_block_age_in_seconds is 3"));
    EXPECT_THAT(age_problems({.height = 7, .age = 1000h}, 0s), IsEmpty()) << "0: no limit";
}

}  // namespace
}  // namespace admin
