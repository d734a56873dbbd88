#include "base/recent_problems.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace base {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::SizeIs;

class RecentProblemsTest : public ::testing::Test {
  protected:
    const Log lines_ = make_null_log();
    const std::shared_ptr<RecentProblems> problems_ = RecentProblems::attached_to(*lines_);
};

TEST_F(RecentProblemsTest, WarningsAndErrorsAreKeptTheLatestFirst) {
    lines_->info("started");
    lines_->warn("the disk is slow");
    lines_->error("the disk is full");
    const auto list = problems_->list();
    ASSERT_THAT(list, ElementsAre(Field(&LoggedProblem::message, "the disk is full"),
                                  Field(&LoggedProblem::message, "the disk is slow")));
    EXPECT_EQ(list[0].severity, LoggedProblem::Severity::Error);
    EXPECT_EQ(list[1].severity, LoggedProblem::Severity::Warning);
}

TEST_F(RecentProblemsTest, LinesThatDifferInNumbersAreOneProblemThatIsCounted) {
    lines_->warn("node a: unreachable (attempt {} of 10)", 1);
    lines_->warn("node b: silent");
    lines_->warn("node a: unreachable (attempt {} of 10)", 12);
    const auto list = problems_->list();
    ASSERT_THAT(list, SizeIs(2));
    EXPECT_EQ(list[0].message, "node a: unreachable (attempt 12 of 10)");
    EXPECT_EQ(list[0].times, 2U);
    EXPECT_LE(list[0].first, list[0].last);
    EXPECT_EQ(list[1].times, 1U);
}

TEST_F(RecentProblemsTest, NoMoreThanSoManyAreKept) {
    for (std::size_t i = 0; i < RecentProblems::kMost + 3; ++i) {
        lines_->warn("problem {}", std::string(i + 1, 'x'));
    }
    const auto list = problems_->list();
    EXPECT_THAT(list, SizeIs(RecentProblems::kMost));
    EXPECT_EQ(list.front().message, "problem " + std::string(RecentProblems::kMost + 3, 'x'));
}

TEST_F(RecentProblemsTest, LongLinesAreCut) {
    lines_->error("{}", std::string(5000, 'x'));
    EXPECT_THAT(problems_->list().front().message, SizeIs(RecentProblems::kLongest));
}

TEST_F(RecentProblemsTest, WhatTheLogKeepsBackIsNotKept) {
    lines_->set_level(spdlog::level::err);
    lines_->warn("not wanted");
    EXPECT_THAT(problems_->list(), SizeIs(0));
}

}  // namespace
}  // namespace base
