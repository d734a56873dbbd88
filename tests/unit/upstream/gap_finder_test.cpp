#include "upstream/gap_finder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace upstream {
namespace {

using base::Filter;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using Range = GapFinder::Range;

constexpr GapFinder::Resumes kAllResume{true, true, true};
constexpr GapFinder::Resumes kNoneResumes{};

GapFinder::Positions read_up_to(std::uint32_t main, std::uint32_t deploys, std::uint32_t sigs) {
    return {base::NodePosition{main, 0}, base::NodePosition{deploys, 0}, base::NodePosition{sigs, 0}};
}

/// All three are read anew, and begin so.
void begin_anew(GapFinder& gaps, std::uint32_t main, std::uint32_t deploys, std::uint32_t sigs,
                std::uint32_t generation = 0) {
    gaps.begin(kNoneResumes);
    gaps.began(Filter::Main, {main, generation});
    gaps.began(Filter::Deploys, {deploys, generation});
    gaps.began(Filter::Sigs, {sigs, generation});
}

TEST(GapFinder, EachEndpointMissesWhatLiesBetweenItsLastEventAndItsNext) {
    GapFinder gaps(read_up_to(1000, 998, 1003), true);
    begin_anew(gaps, 4503, 4520, 4501);
    EXPECT_TRUE(gaps.undecided());
    EXPECT_THAT(gaps.decide(false), Optional(ElementsAre(Range{Filter::Main, {1001, 0}, 4502},
                                                         Range{Filter::Deploys, {999, 0}, 4519},
                                                         Range{Filter::Sigs, {1004, 0}, 4500})));
    EXPECT_FALSE(gaps.undecided());
}

TEST(GapFinder, NothingIsMissingWhereTheBufferGoesOn) {
    GapFinder gaps(read_up_to(1000, 20, 1003), true);
    begin_anew(gaps, 1006, 1005, 1004);
    EXPECT_THAT(gaps.decide(false), Optional(IsEmpty()));
}

TEST(GapFinder, AQuietEndpointWasReadAsFarAsTheOthers) {
    GapFinder gaps(read_up_to(6000, 100, 5999), true);
    gaps.begin(kNoneResumes);
    gaps.began(Filter::Deploys, {6050, 0});
    EXPECT_EQ(gaps.decide(false), std::nullopt) << "whether the node holds what is before is not known yet";
    gaps.began(Filter::Sigs, {1100, 0});
    EXPECT_THAT(gaps.decide(false), Optional(IsEmpty()));
}

TEST(GapFinder, EndpointsThatWereNotReadTogetherTellNothingOfEachOther) {
    GapFinder gaps(read_up_to(6000, 100, 5999), false);
    begin_anew(gaps, 1101, 1150, 1100);
    EXPECT_THAT(gaps.decide(false), Optional(ElementsAre(Range{Filter::Deploys, {101, 0}, 1149})));
}

TEST(GapFinder, AnEndpointOfWhichTheNodeHoldsNothingIsNotWaitedForForEver) {
    GapFinder gaps(read_up_to(1000, 100, 1001), true);
    gaps.begin(kNoneResumes);
    EXPECT_EQ(gaps.decide(true), std::nullopt) << "nothing has come at all";
    gaps.began(Filter::Main, {5000, 0});
    gaps.began(Filter::Sigs, {5001, 0});
    EXPECT_EQ(gaps.decide(false), std::nullopt);
    EXPECT_THAT(gaps.decide(true), Optional(ElementsAre(Range{Filter::Main, {1001, 0}, 4999},
                                                        Range{Filter::Deploys, {101, 0}, 4999},
                                                        Range{Filter::Sigs, {1002, 0}, 5000})));
}

TEST(GapFinder, AnEndpointThatWasHeldUpWasReadOnlyUpToItsOwnLast) {
    GapFinder gaps({}, true);
    gaps.begin(kNoneResumes);
    EXPECT_FALSE(gaps.undecided()) << "a node that was never read";
    gaps.handed_on(Filter::Main, {6300, 0});
    gaps.handed_on(Filter::Sigs, {5800, 0});
    gaps.kept_up(Filter::Main);
    begin_anew(gaps, 6105, 7000, 6100);
    EXPECT_THAT(gaps.decide(false), Optional(ElementsAre(Range{Filter::Sigs, {5801, 0}, 6099})));
}

TEST(GapFinder, AnEndpointThatKeptUpMissesNothingWhenTheNodeLosesItsBuffer) {
    GapFinder gaps({}, true);
    begin_anew(gaps, 1, 2, 3);
    gaps.handed_on(Filter::Main, {6001, 0});
    gaps.handed_on(Filter::Deploys, {6002, 0});
    gaps.handed_on(Filter::Sigs, {6003, 0});
    for (const auto filter : base::kNodeFilters) gaps.kept_up(filter);
    begin_anew(gaps, 6004, 6010, 6020);
    EXPECT_THAT(gaps.decide(false), Optional(IsEmpty()));
}

TEST(GapFinder, AConnectionThatGotNothingProvesNothing) {
    GapFinder gaps(read_up_to(1000, 1000, 1000), false);
    gaps.begin(kAllResume);
    gaps.began(Filter::Main, {1000, 0});
    gaps.handed_on(Filter::Main, {9000, 0});
    gaps.kept_up(Filter::Sigs);
    gaps.begin(kAllResume);
    gaps.began(Filter::Main, {9000, 0});
    gaps.kept_up(Filter::Deploys);
    begin_anew(gaps, 5000, 5001, 5002);
    EXPECT_THAT(gaps.decide(false), Optional(ElementsAre(Range{Filter::Deploys, {1001, 0}, 5000})))
        << "the node held 1001 while sigs asked, not when deploys did";
}

TEST(GapFinder, IdsThatBeganAgainLeaveTheEndOpen) {
    GapFinder gaps(read_up_to(1000, 998, 1003), true);
    begin_anew(gaps, 0, 1, 2, 1);
    EXPECT_THAT(gaps.decide(false), Optional(ElementsAre(Range{Filter::Main, {1001, 0}, std::nullopt},
                                                         Range{Filter::Deploys, {999, 0}, std::nullopt},
                                                         Range{Filter::Sigs, {1004, 0}, std::nullopt})));
}

TEST(GapFinder, IdsThatWrapGoOn) {
    GapFinder gaps({}, true);
    begin_anew(gaps, 4294967295U, 4294967295U, 4294967295U);
    for (const auto filter : base::kNodeFilters) gaps.handed_on(filter, {4294967295U, 0});
    gaps.handed_on(Filter::Main, {10, 1});
    for (const auto filter : base::kNodeFilters) gaps.kept_up(filter);
    begin_anew(gaps, 5, 21, 30, 1);
    EXPECT_THAT(gaps.decide(false), Optional(IsEmpty()));
    begin_anew(gaps, 4000, 4001, 4002, 1);
    EXPECT_THAT(gaps.decide(false), Optional(ElementsAre(Range{Filter::Main, {11, 1}, 3999},
                                                         Range{Filter::Deploys, {21, 1}, 4000},
                                                         Range{Filter::Sigs, {30, 1}, 4001})));
}

TEST(GapFinder, WhatWasFoundAndNotFollowedIsFoundAgainWithItsNewEnd) {
    GapFinder gaps(read_up_to(100, 100, 100), true);
    begin_anew(gaps, 200, 201, 202);
    ASSERT_THAT(gaps.decide(false), Optional(::testing::SizeIs(3)));
    begin_anew(gaps, 210, 201, 202);
    EXPECT_THAT(gaps.decide(false), Optional(ElementsAre(Range{Filter::Main, {101, 0}, 209})))
        << "200 was held, and is not any more";
    begin_anew(gaps, 300, 301, 302);
    EXPECT_THAT(gaps.decide(false), Optional(ElementsAre(Range{Filter::Main, {101, 0}, 299},
                                                         Range{Filter::Deploys, {101, 0}, 300},
                                                         Range{Filter::Sigs, {101, 0}, 301})));
}

}  // namespace
}  // namespace upstream
