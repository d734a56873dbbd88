// What a lane keeps of its frames compressed.

#include <gtest/gtest.h>

#include "stream/ring.h"
#include "unit/stream/signatures.h"

namespace stream {
namespace {

constexpr std::size_t kMost = SegmentMaker::kMostFrames;

class SegmentCacheTest : public testing::Test {
  protected:
    void push(std::size_t count) {
        for (; count > 0; --count) {
            ring_.push(std::make_shared<const Frame>(ring_.next_id(), base::Kind::FinalitySignature,
                                                     base::Filter::Sigs, base::ApiVersion{},
                                                     signatures_.next()));
        }
        ring_.release_before(ring_.next_id());
    }
    [[nodiscard]] std::size_t length_at(Lane::Position position) {
        return lane_->segment_at(position, 0)->extent().frames;
    }

    Signatures signatures_;
    Ring ring_{{1000, 1 << 20}, 1};
    LanePtr lane_ = ring_.lane({base::Endpoint::Sigs});
};

TEST_F(SegmentCacheTest, WhoReadsFromOnePlaceGetsOneSegment) {
    push(4);
    const auto segment = lane_->segment_at(0, 0);
    EXPECT_EQ(segment->extent().frames, 4U);
    EXPECT_EQ(lane_->segment_at(0, 0), segment);
    push(1);
    EXPECT_EQ(lane_->segment_at(0, 0), segment) << "it is not made again for one event";
    EXPECT_EQ(lane_->segment_at(4, 0)->extent().first, 5U);
}

TEST_F(SegmentCacheTest, WhoReadsFromAnotherPlaceMeetsTheOthers) {
    push(4);
    EXPECT_EQ(length_at(0), 4U);
    push(6);
    EXPECT_EQ(length_at(4), 6U);
    EXPECT_EQ(length_at(2), 2U) << "from there on it has what the others have";
}

TEST_F(SegmentCacheTest, AReplayIsNotCutByWhatWasSentEventByEvent) {
    for (std::size_t i = 0; i < 4 * kMost; ++i) {
        push(1);
        EXPECT_EQ(length_at(i), 1U);
    }
    std::size_t segments = 0;
    for (Lane::Position at = 0; at < lane_->end(); at += length_at(at)) ++segments;
    EXPECT_LE(segments, lane_->end() / 8);
}

TEST_F(SegmentCacheTest, PartsOfALargeFrameAreSharedToo) {
    ring_.push(std::make_shared<const Frame>(1, base::Kind::FinalitySignature, base::Filter::Sigs,
                                             base::ApiVersion{}, signatures_.hex(200'000)));
    push(1);
    const auto first = lane_->segment_at(0, 0);
    const auto second = lane_->segment_at(0, first->extent().cut);
    EXPECT_EQ(lane_->segment_at(0, 0), first);
    EXPECT_EQ(lane_->segment_at(0, first->extent().cut), second);
    EXPECT_NE(first, second);
}

TEST_F(SegmentCacheTest, ASegmentGoesWithTheFrameThatItBeginsWith) {
    push(10);
    const std::weak_ptr<const Segment> first = lane_->segment_at(0, 0);
    EXPECT_FALSE(first.expired()) << "it is kept for others";
    push(1000);
    EXPECT_TRUE(first.expired());
}

TEST_F(SegmentCacheTest, WhatIsKeptIsAPartOfTheRingsBytes) {
    push(1000);
    const auto other = ring_.lane({base::Endpoint::Events});
    std::vector<std::weak_ptr<const Segment>> made;
    for (const auto& lane : {lane_, other}) {
        for (auto at = lane->begin(); at < lane->end(); ++at) made.emplace_back(lane->segment_at(at, 0));
    }
    std::size_t kept = 0;
    for (const auto& segment : made) {
        if (const auto alive = segment.lock()) kept += alive->cost();
    }
    EXPECT_GT(kept, (1U << 20) / 8);
    EXPECT_LT(kept, (1U << 20) / 2) << "a quarter, and one segment for each lane";
    EXPECT_FALSE(made.back().expired()) << "what was asked for last is there for the next who asks";
}

TEST_F(SegmentCacheTest, ALaneThatGoesGivesItsRoomBack) {
    push(900);
    auto other = ring_.lane({base::Endpoint::Events});
    for (auto at = other->begin(); at < other->end(); ++at) (void)other->segment_at(at, 0);
    other.reset();
    push(1);
    const auto begin = lane_->begin();
    const std::weak_ptr<const Segment> first = lane_->segment_at(begin, 0);
    (void)lane_->segment_at(begin + kMost, 0);
    EXPECT_FALSE(first.expired());
}

}  // namespace
}  // namespace stream
