#include "stream/ring.h"

#include <gtest/gtest.h>
#include <random>

namespace stream {
namespace {

using base::Endpoint;
using base::Filter;
using base::Kind;

FramePtr make(base::EventId id, Kind kind, std::size_t payload_size = 10) {
    return std::make_shared<const Frame>(id, kind, base::row_of(kind).filter, base::ApiVersion{},
                                         std::string(payload_size, 'x'));
}

/// Nobody has still to get what was before.
void push_alone(Ring& ring, FramePtr frame) {
    ring.push(std::move(frame));
    ring.release_before(ring.next_id());
}

std::vector<base::EventId> ids_from(const Lane& lane, Lane::Position begin) {
    std::vector<base::EventId> ids;
    for (auto at = begin; at < lane.end(); ++at) ids.push_back(lane.at(at).id());
    return ids;
}

std::vector<base::EventId> ids_of(const Lane& lane) {
    return ids_from(lane, lane.begin());
}

TEST(Ring, HoldsTheNewestEventsWithinItsCount) {
    Ring ring({3, 1 << 20}, 1);
    const auto main = ring.lane({Endpoint::Main});
    for (base::EventId id = 1; id <= 5; ++id) push_alone(ring, make(id, Kind::Fault));
    EXPECT_EQ(ring.first_id(), 3U);
    EXPECT_EQ(ring.next_id(), 6U);
    EXPECT_EQ(ids_of(*main), (std::vector<base::EventId>{3, 4, 5}));
    EXPECT_EQ(main->begin(), 2U) << "positions stay valid when older frames leave";
}

TEST(Ring, HoldsTheNewestEventsWithinItsBytesAndTheNewestWhateverItsSize) {
    Ring ring({100, 10'000}, 1);
    const auto main = ring.lane({Endpoint::Main});
    for (base::EventId id = 1; id <= 20; ++id) push_alone(ring, make(id, Kind::Fault, 1000));
    EXPECT_LE(ring.bytes(), 10'000U);
    EXPECT_GT(ring.size(), 5U);
    push_alone(ring, make(21, Kind::Step, 1'000'000));
    EXPECT_EQ(ring.size(), 1U);
    EXPECT_EQ(ids_of(*main), std::vector<base::EventId>{21});
    push_alone(ring, make(22, Kind::Fault));
    EXPECT_EQ(ids_of(*main), std::vector<base::EventId>{22});
}

TEST(Ring, HoldsBeyondItsCountWhatSomebodyHasStillToGet) {
    Ring ring({3, 10'000}, 1);
    for (base::EventId id = 1; id <= 10; ++id) ring.push(make(id, Kind::Fault));
    EXPECT_EQ(ring.first_id(), 1U) << "nothing was released";
    EXPECT_EQ(ring.first_of_newest(), 8U);
    EXPECT_TRUE(ring.over_length());
    ring.release_before(6);
    EXPECT_EQ(ring.first_id(), 6U);
    ring.push(make(11, Kind::Fault));
    EXPECT_EQ(ring.first_id(), 6U);
    ring.release_before(12);
    EXPECT_EQ(ring.first_id(), 9U) << "the count holds for what is released";
    EXPECT_FALSE(ring.over_length());
    EXPECT_EQ(ring.first_of_newest(), 9U);
    for (base::EventId id = 12; id <= 100; ++id) ring.push(make(id, Kind::Fault, 1000));
    EXPECT_LE(ring.bytes(), 10'000U) << "and the bytes whether it is or not";
}

TEST(Ring, KnowsTheBytesThatALaneHasFromAPositionOn) {
    Ring ring({3, 1 << 20}, 1);
    const auto main = ring.lane({Endpoint::Main});
    EXPECT_EQ(main->bytes_from(0), 0U);
    std::vector<std::uint64_t> sizes;
    for (base::EventId id = 1; id <= 5; ++id) {
        const auto frame = make(id, Kind::Fault, 100 * id);
        sizes.push_back(frame->wire(Framing::Chunked).size());
        push_alone(ring, frame);
    }
    EXPECT_EQ(main->bytes_from(2), sizes[2] + sizes[3] + sizes[4]);
    EXPECT_EQ(main->bytes_from(4), sizes[4]);
    EXPECT_EQ(main->bytes_from(5), 0U);
    EXPECT_EQ(ring.lane({Endpoint::Sigs})->bytes_from(0), 0U) << "a lane of its own";
}

TEST(Ring, ALaneBeginsWithAllThatIsThereAndGoesWithItsLastReader) {
    Ring ring({3, 1 << 20}, 1);
    for (base::EventId id = 1; id <= 5; ++id) push_alone(ring, make(id, Kind::Fault));
    EXPECT_TRUE(ring.lanes().empty());
    auto first = ring.lane({Endpoint::Main});
    EXPECT_EQ(ids_of(*first), (std::vector<base::EventId>{3, 4, 5}));
    auto second = ring.lane({Endpoint::Main});
    EXPECT_EQ(first, second) << "one for all";
    EXPECT_NE(first, ring.lane({Endpoint::Events}));
    first.reset();
    push_alone(ring, make(6, Kind::Fault));
    ASSERT_EQ(ring.lanes().size(), 1U);
    EXPECT_EQ(ids_of(*second), (std::vector<base::EventId>{4, 5, 6}));
    second.reset();
    push_alone(ring, make(7, Kind::Fault));
    EXPECT_TRUE(ring.lanes().empty());
}

TEST(Ring, ThoseWhoAskForTheSameShareALane) {
    const auto of_era = [](std::uint64_t era) { return LaneKey{Endpoint::Main, {.traits = {.era = era}}}; };
    Ring ring({100, 1 << 20}, 1);
    const auto push = [&ring](base::EventId id, Kind kind, std::uint64_t era) {
        ring.push(std::make_shared<const Frame>(id, kind, base::row_of(kind).filter, base::ApiVersion{}, "{}",
                                                base::EventTraits{.era = era}));
    };
    push(1, Kind::Fault, 7);
    push(2, Kind::FinalitySignature, 7);
    std::vector<LanePtr> held;
    for (int i = 0; i < 100; ++i) held.push_back(ring.lane(of_era(7)));
    held.push_back(ring.lane(of_era(8)));
    held.push_back(ring.lane({Endpoint::Main}));
    EXPECT_EQ(ring.lanes().size(), 3U) << "what an event is asked is asked once for all who share a lane";
    push(3, Kind::Step, 8);
    push(4, Kind::Fault, 7);
    EXPECT_EQ(ids_of(*held.front()), (std::vector<base::EventId>{1, 4}));
    EXPECT_EQ(ids_of(*ring.lane(of_era(8))), std::vector<base::EventId>{3});
    EXPECT_EQ(ids_of(*held.back()), (std::vector<base::EventId>{1, 3, 4}));
}

TEST(Ring, ALaneIsTouchedOnlyByWhatPasses) {
    Ring ring({100, 1 << 20}, 1);
    EventFilter steps{.kinds = {}};
    steps.kinds.add(Kind::Step);
    const auto lane = ring.lane({Endpoint::Main, steps});
    ring.push(make(1, Kind::Fault));
    EXPECT_FALSE(lane->touched());
    ring.push(make(2, Kind::Step));
    EXPECT_TRUE(lane->touched());
}

TEST(Ring, RefusesFramesOutOfOrder) {
    Ring ring({10, 1000}, 5);
    ring.push(make(5, Kind::Fault));
    EXPECT_THROW(ring.push(make(5, Kind::Fault)), std::logic_error);
}

TEST(Ring, AgreesWithANaiveModel) {
    std::mt19937 random(7);
    constexpr std::array kKindsUsed{Kind::BlockAdded, Kind::DeployAccepted, Kind::FinalitySignature,
                                    Kind::Step, Kind::DeployExpired};
    Ring ring({50, 40'000}, 1);
    std::vector<LanePtr> kept;
    for (const auto endpoint : {Endpoint::Main, Endpoint::Events}) kept.push_back(ring.lane({endpoint}));
    std::vector<FramePtr> all;
    for (base::EventId id = 1; id <= 5000; ++id) {
        all.push_back(make(id, kKindsUsed[random() % kKindsUsed.size()], random() % 2500));
        push_alone(ring, all.back());

        std::size_t bytes = 0;
        std::size_t count = 0;
        while (count < all.size() && count < 50) {
            bytes += all[all.size() - 1 - count]->cost();
            if (bytes > 40'000 && count > 0) break;
            ++count;
        }
        ASSERT_EQ(ring.size(), count);
        ASSERT_EQ(ring.first_id(), all[all.size() - count]->id());
        const auto endpoint = base::kEndpoints[random() % base::kEndpoints.size()];
        const base::EventId wanted = ring.first_id() + random() % 60;
        std::vector<base::EventId> expected;
        for (std::size_t i = all.size() - count; i < all.size(); ++i) {
            if (all[i]->endpoints().contains(endpoint) && all[i]->id() >= wanted)
                expected.push_back(all[i]->id());
        }
        const auto lane = ring.lane({endpoint});
        ASSERT_EQ(ids_from(*lane, lane->find(wanted)), expected)
            << "endpoint " << base::endpoint_path(endpoint) << " from " << wanted;
    }
}

}  // namespace
}  // namespace stream
