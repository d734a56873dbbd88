#include "stream/recent_pages.h"

#include <gtest/gtest.h>
#include <string>

namespace stream {
namespace {

using base::Endpoint;
using Ids = std::vector<base::EventId>;

storage::ReadRequest main_from(base::EventId from) {
    storage::ReadRequest request;
    request.endpoint = Endpoint::Main;
    request.from = from;
    return request;
}

/// Every second id from `from` on, to below `next`.
ReplayPage page(base::EventId from, base::EventId next, std::size_t payload_size = 10) {
    ReplayPage page{.frames = {}, .segments = {}, .from = from, .next = next, .oldest = 1};
    for (auto id = from; id < next; id += 2) {
        page.frames.push_back(std::make_shared<const Frame>(
            id, base::Kind::Fault, base::Filter::Main, base::ApiVersion{}, std::string(payload_size, 'x')));
    }
    return page;
}

Ids ids(const ReplayPage& page) {
    Ids ids;
    for (const auto& frame : page.frames) ids.push_back(frame->id());
    return ids;
}

TEST(RecentPages, GiveWhatTheyHoldFromAnyPlaceWithin) {
    RecentPages pages(1 << 20);
    pages.add(main_from(10), page(10, 20));
    EXPECT_FALSE(pages.find(main_from(9)));
    EXPECT_FALSE(pages.find(main_from(20)));
    const auto whole = pages.find(main_from(10));
    ASSERT_TRUE(whole);
    EXPECT_EQ(ids(*whole), (Ids{10, 12, 14, 16, 18}));
    const auto part = pages.find(main_from(15));
    ASSERT_TRUE(part);
    EXPECT_EQ(ids(*part), (Ids{16, 18}));
    EXPECT_EQ(part->from, 15U);
    EXPECT_EQ(part->next, 20U);
    EXPECT_EQ(part->oldest, 1U);
    const auto none = pages.find(main_from(19));
    ASSERT_TRUE(none) << "that there is no event is known, too";
    EXPECT_TRUE(none->frames.empty());
}

TEST(RecentPages, AreOfOneEndpoint) {
    RecentPages pages(1 << 20);
    pages.add(main_from(10), page(10, 20));
    auto request = main_from(10);
    request.endpoint = Endpoint::Events;
    EXPECT_FALSE(pages.find(request));
    request.endpoint.reset();
    EXPECT_FALSE(pages.find(request));
}

TEST(RecentPages, HoldNoMoreThanTheirBytesTheNewestFirst) {
    RecentPages pages(10'000);
    pages.add(main_from(10), page(10, 20, 1000));
    pages.add(main_from(20), page(20, 22, 1000));
    EXPECT_TRUE(pages.find(main_from(10)));
    pages.add(main_from(30), page(30, 40, 1000));
    EXPECT_FALSE(pages.find(main_from(10)));
    EXPECT_TRUE(pages.find(main_from(30)));
    pages.add(main_from(50), page(50, 60, 5000));
    EXPECT_FALSE(pages.find(main_from(50))) << "more than all that may be held";
    EXPECT_TRUE(pages.find(main_from(30)));
}

ReplayPage compressed(ReplayPage page) {
    page.segments = SegmentMaker().make_all(page.frames, 0);
    page.frames.clear();
    return page;
}

TEST(RecentPages, GiveWhatIsCompressedFromWhereASegmentBegins) {
    RecentPages pages(1 << 20);
    const auto whole = compressed(page(10, 1000));
    ASSERT_GT(whole.segments.size(), 2U);
    pages.add(main_from(10), whole);
    EXPECT_FALSE(pages.find(main_from(10))) << "it is not plain";
    const ReplayForm form{.compressed = true};
    EXPECT_EQ(pages.find(main_from(10), form)->segments, whole.segments);
    EXPECT_FALSE(pages.find(main_from(11), form)) << "that segment begins with an event too many";
    const auto second = whole.segments[1]->extent().first;
    for (const auto from : {second - 1, second}) {
        const auto rest = pages.find(main_from(from), form);
        ASSERT_TRUE(rest);
        EXPECT_EQ(rest->segments.front(), whole.segments[1]);
        EXPECT_EQ(rest->segments.size(), whole.segments.size() - 1);
        EXPECT_EQ(rest->next, 1000U);
    }
    const auto none = pages.find(main_from(999), form);
    ASSERT_TRUE(none);
    EXPECT_EQ(none->first_id(), 0U);
}

TEST(RecentPages, GiveTheRestOfALargeEventThatIsCompressed) {
    RecentPages pages(8 << 20);
    const auto whole = compressed(page(10, 12, 300'000));
    pages.add(main_from(10), whole);
    const auto part = SegmentMaker::kMostText;
    const auto rest = pages.find(main_from(10), {.compressed = true, .cut = 10, .offset = 2 * part});
    ASSERT_TRUE(rest);
    EXPECT_EQ(rest->segments.front(), whole.segments[2]);
    EXPECT_FALSE(pages.find(main_from(10), {.compressed = true, .cut = 10, .offset = part + 1}));
}

TEST(RecentPages, HoldAnEventOnceInEachForm) {
    RecentPages pages(1 << 20);
    const ReplayForm form{.compressed = true};
    const auto whole = compressed(page(10, 100));
    pages.add(main_from(10), whole);
    pages.add(main_from(50), compressed(page(50, 100)));
    EXPECT_FALSE(pages.find(main_from(50), form));
    EXPECT_TRUE(pages.find(main_from(10), form));
}

}  // namespace
}  // namespace stream
