// A node that is read faster than its events can be stored.

#include <atomic>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "reading.h"
#include "scripts.h"
#include "upstream/natural_key.h"

namespace upstream::testing {
namespace {

using namespace std::chrono_literals;
using base::Filter;

TEST(Node, AFullQueuePausesTheReading) {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> steps;
    for (std::uint32_t id = 0; id < 20000; ++id) steps.emplace_back(id, id);
    const auto node = node_with(replaying(steps));
    auto options = options_for(*node);
    options.no_message_timeout = 1s;
    options.sleep_between_keep_alive_checks = 1s;
    Reading reading({options}, {}, 100);
    ASSERT_TRUE(eventually([&] { return reading.queue.cost() >= 100; }));
    const auto full = reading.queue.cost();
    const auto connected_anew = [&] { return node->targets("/events/main").size() > 1; };
    EXPECT_FALSE(eventually(connected_anew, 2500ms)) << "the pause is not the node's fault";
    EXPECT_LE(reading.queue.cost(), full + 64 * 1024 * 8);
    EXPECT_EQ(node->most_open("/events/main"), 1);
    ASSERT_TRUE(reading.receive(20000));
    std::vector<std::uint32_t> expected;
    for (const auto& [id, era] : steps) expected.push_back(id);
    EXPECT_EQ(reading.ids(), expected);
}

TEST(Node, StopsWhileTheQueueIsFull) {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> steps;
    for (std::uint32_t id = 0; id < 20000; ++id) steps.emplace_back(id, id);
    const auto node = node_with(replaying(steps));
    Reading reading({options_for(*node)}, {}, 100);
    ASSERT_TRUE(eventually([&] { return reading.queue.cost() >= 100; }));
    EXPECT_TRUE(reading.stop());
    (void)reading.queue.take_all(0ms);  // late on_space callbacks must find nothing to wake
    (void)reading.queue.take_all(0ms);
}

TEST(Node, LargePayloadsAreStagedInOrder) {
    const std::string large = R"({"Step":{"era_id":2,"x":")" + std::string(3000, 'x') + R"("}})";
    const std::string known = R"({"Step":{"era_id":3,"x":")" + std::string(3000, 'y') + R"("}})";
    const auto node = node_with([&](const Peer& peer) {
        peer.begin_stream();
        peer.send_event(step(1), 1);
        peer.send_event(large, 2);
        peer.send_event(known, 3);
        peer.send_event(step(4), 4);
        peer.wait_until_closed();
    });
    std::vector<std::thread> stagers;
    std::atomic<std::uint64_t> next = 7;
    {
        Reading reading({options_for(*node)}, [&](Dependencies& with) {
            with.large_payload = 1000;
            with.stage_payload = [&](std::shared_ptr<const base::Event> event,
                                     std::function<void(std::uint64_t)> done) {
                const bool is_known = event->key.first == key_of_number(3);
                const auto number = is_known ? 0 : next++;
                EXPECT_GT(event->payload.size(), 3000U);
                stagers.emplace_back([done = std::move(done), number] { done(number); });
            };
        });
        ASSERT_TRUE(reading.receive(4));
        EXPECT_EQ(reading.ids(), (std::vector<std::uint32_t>{1, 2, 3, 4}));
        EXPECT_EQ(reading.events[1].staged_payload, 7U);
        EXPECT_EQ(reading.events[1].payload, large);
        EXPECT_EQ(reading.events[2].staged_payload, 0U);
        EXPECT_EQ(reading.events[2].payload, "");
        EXPECT_EQ(reading.events[3].staged_payload, 0U);
    }
    for (auto& stager : stagers) stager.join();
}

TEST(Node, StopsWhileStagingAndIgnoresALateAnswer) {
    const auto node = node_with(replaying({{1, 1}}));
    std::function<void(std::uint64_t)> late;
    Gate staging;
    {
        Reading reading({options_for(*node)}, [&](Dependencies& with) {
            with.large_payload = 1;
            with.stage_payload = [&](const std::shared_ptr<const base::Event>&,
                                     std::function<void(std::uint64_t)> done) {
                late = std::move(done);
                staging.open();
            };
        });
        staging.wait();
        EXPECT_TRUE(reading.stop());
        late(1);
        EXPECT_EQ(reading.queue.cost() > 1000, false);
    }
    late(2);
}

}  // namespace
}  // namespace upstream::testing
