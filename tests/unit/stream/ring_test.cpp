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

std::vector<base::EventId> lane_ids(const Ring& ring, Endpoint endpoint) {
    std::vector<base::EventId> ids;
    for (auto at = ring.begin(endpoint); at < ring.end(endpoint); ++at)
        ids.push_back(ring.at(endpoint, at).id());
    return ids;
}

TEST(Ring, HoldsTheNewestEventsWithinItsCount) {
    Ring ring({3, 1 << 20}, 1);
    for (base::EventId id = 1; id <= 5; ++id) ring.push(make(id, Kind::Fault));
    EXPECT_EQ(ring.first_id(), 3U);
    EXPECT_EQ(ring.next_id(), 6U);
    EXPECT_EQ(lane_ids(ring, Endpoint::Main), (std::vector<base::EventId>{3, 4, 5}));
    EXPECT_EQ(ring.begin(Endpoint::Main), 2U) << "positions stay valid when older frames leave";
}

TEST(Ring, HoldsTheNewestEventsWithinItsBytesAndTheNewestWhateverItsSize) {
    Ring ring({100, 10'000}, 1);
    for (base::EventId id = 1; id <= 20; ++id) ring.push(make(id, Kind::Fault, 1000));
    EXPECT_LE(ring.bytes(), 10'000U);
    EXPECT_GT(ring.size(), 5U);
    ring.push(make(21, Kind::Step, 1'000'000));
    EXPECT_EQ(ring.size(), 1U);
    EXPECT_EQ(lane_ids(ring, Endpoint::Main), std::vector<base::EventId>{21});
    ring.push(make(22, Kind::Fault));
    EXPECT_EQ(lane_ids(ring, Endpoint::Main), std::vector<base::EventId>{22});
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
    std::vector<FramePtr> all;
    for (base::EventId id = 1; id <= 5000; ++id) {
        all.push_back(make(id, kKindsUsed[random() % kKindsUsed.size()], random() % 2500));
        ring.push(all.back());

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
        std::vector<base::EventId> found;
        for (auto at = ring.find(endpoint, wanted); at < ring.end(endpoint); ++at) {
            found.push_back(ring.at(endpoint, at).id());
        }
        ASSERT_EQ(found, expected) << "endpoint " << base::endpoint_path(endpoint) << " from " << wanted;
    }
}

}  // namespace
}  // namespace stream
