#include "sim/event_buffer.h"

#include <gtest/gtest.h>

namespace {

using base::Filter;
using sim::EventBuffer;

void append(EventBuffer& buffer, int count) {
    for (int i = 0; i < count; ++i) buffer.append(std::make_shared<sim::LogicalEvent>(), Filter::Sigs);
}

std::uint32_t first_id(const EventBuffer& buffer, std::optional<std::uint32_t> start_from) {
    return buffer.id_at(buffer.position_for(start_from));
}

TEST(EventBuffer, HoldsTheNewest) {
    EventBuffer buffer(5, 0);
    append(buffer, 12);
    EXPECT_EQ(buffer.begin_position(), 7U);
    EXPECT_EQ(buffer.end_position(), 12U);
    EXPECT_EQ(buffer.next_id(), 12U);
    EXPECT_EQ(buffer.id_at(7), 7U);
}

TEST(EventBuffer, StartFromIsInclusive) {
    EventBuffer buffer(5, 0);
    append(buffer, 12);
    EXPECT_EQ(first_id(buffer, 9), 9U);
    EXPECT_EQ(first_id(buffer, 11), 11U);
    EXPECT_EQ(first_id(buffer, 7), 7U);
}

TEST(EventBuffer, OlderThanHeldIsEverythingAndNewerIsNothing) {
    EventBuffer buffer(5, 0);
    append(buffer, 12);
    EXPECT_EQ(first_id(buffer, 0), 7U);
    EXPECT_EQ(first_id(buffer, 6), 7U);
    EXPECT_EQ(buffer.position_for(12), buffer.end_position());
    EXPECT_EQ(buffer.position_for(4'000'000'000), buffer.end_position());
    EXPECT_EQ(buffer.position_for(std::nullopt), buffer.end_position());
}

TEST(EventBuffer, HighIdsAreOlderOnlyAfterAWrap) {
    EventBuffer high(5, 3'000'000'000);
    append(high, 3);
    EXPECT_EQ(first_id(high, 0), 3'000'000'000U);
    EXPECT_EQ(high.position_for(4'000'000'000), high.end_position());
}

TEST(EventBuffer, IdsWrap) {
    EventBuffer buffer(6, 4'294'967'294);
    append(buffer, 5);  // 4294967294, 4294967295, 0, 1, 2
    EXPECT_EQ(buffer.next_id(), 3U);
    EXPECT_EQ(buffer.id_at(buffer.begin_position() + 1), 4'294'967'295U);
    EXPECT_EQ(buffer.id_at(buffer.begin_position() + 2), 0U);
    EXPECT_EQ(first_id(buffer, 4'294'967'295), 4'294'967'295U);
    EXPECT_EQ(first_id(buffer, 0), 0U);
    EXPECT_EQ(first_id(buffer, 2), 2U);
    EXPECT_EQ(buffer.position_for(3), buffer.end_position());
    EXPECT_EQ(first_id(buffer, 4'294'967'000), 4'294'967'294U);

    append(buffer, 6);  // 3 to 8 are held, all of them after the wrap
    EXPECT_EQ(first_id(buffer, 4'294'967'295), 3U);
    EXPECT_EQ(first_id(buffer, 5), 5U);
}

TEST(EventBuffer, ForgetsAndBeginsAnew) {
    EventBuffer buffer(5, 100);
    append(buffer, 4);
    const auto end = buffer.end_position();
    buffer.clear();
    EXPECT_EQ(buffer.begin_position(), end);
    EXPECT_EQ(buffer.next_id(), 104U);
    EXPECT_EQ(buffer.position_for(0), end);

    append(buffer, 2);
    EXPECT_EQ(first_id(buffer, 0), 104U);
    buffer.reset_ids();
    EXPECT_EQ(first_id(buffer, 0), 0U);
    EXPECT_EQ(buffer.next_id(), 2U);
    EXPECT_EQ(buffer.end_position(), end + 2);
}

}  // namespace
