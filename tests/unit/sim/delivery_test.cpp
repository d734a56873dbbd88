#include "sim/delivery.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using Order = std::vector<std::string>;

sim::EventPtr numbered(int number) {
    auto event = std::make_shared<sim::LogicalEvent>();
    event->payload = std::to_string(number);
    return event;
}

/// The order in which each node has 500 events, a millisecond apart; delivered in steps of `step`.
std::vector<Order> orders(std::uint64_t seed, std::chrono::nanoseconds skew, std::chrono::nanoseconds step) {
    sim::Delivery delivery(seed, 3, skew);
    std::vector<Order> orders(3);
    const auto deliver_until = [&](std::chrono::nanoseconds now) {
        while (const auto arrival = delivery.next(now))
            orders[arrival->node].push_back(arrival->event->payload);
    };
    int published = 0;
    for (std::chrono::nanoseconds now = 0ns; now < 2s; now += step) {
        for (; published < 500 && published * 1ms <= now; ++published) {
            delivery.publish(numbered(published), published * 1ms);
        }
        deliver_until(now);
    }
    EXPECT_EQ(delivery.pending(), 0U);
    return orders;
}

TEST(Delivery, EveryNodeHasEveryEventOnceInItsOwnOrder) {
    const auto by_node = orders(1, 200ms, 1ms);
    EXPECT_NE(by_node[0], by_node[1]);
    EXPECT_NE(by_node[1], by_node[2]);
    Order expected;
    for (int i = 0; i < 500; ++i) expected.push_back(std::to_string(i));
    std::sort(expected.begin(), expected.end());
    for (auto order : by_node) {
        std::sort(order.begin(), order.end());
        EXPECT_EQ(order, expected);
    }
}

TEST(Delivery, OrdersFollowFromTheSeedAlone) {
    EXPECT_EQ(orders(1, 200ms, 1ms), orders(1, 200ms, 1ms));
    EXPECT_NE(orders(1, 200ms, 1ms), orders(2, 200ms, 1ms));
}

TEST(Delivery, WithoutSkewAllHaveTheSameOrderAtOnce) {
    const auto by_node = orders(1, 0ns, 1ms);
    EXPECT_EQ(by_node[0].size(), 500U);
    EXPECT_EQ(by_node[0], by_node[1]);
    EXPECT_EQ(by_node[0], by_node[2]);
}

TEST(Delivery, OneNodeHasAnEventAtOnceAndTheOthersWithinTheSkew) {
    sim::Delivery delivery(7, 3, 50ms);
    delivery.publish(numbered(0), 10ms);
    EXPECT_FALSE(delivery.next(10ms - 1ns).has_value());
    EXPECT_EQ(delivery.next_time(), 10ms);
    EXPECT_TRUE(delivery.next(10ms).has_value());
    EXPECT_TRUE(delivery.next(60ms).has_value());
    EXPECT_TRUE(delivery.next(60ms).has_value());
    EXPECT_FALSE(delivery.next(1h).has_value());
}

}  // namespace
