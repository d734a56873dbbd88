#include "storage/slots.h"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace storage_test {

namespace {

using storage::Slots;

TEST(Slots, NoMoreThanThereAreAreTaken) {
    Slots slots(3);
    std::atomic<int> taken = 0;
    std::atomic<int> greatest = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 500; ++round) {
                slots.take();
                const auto now = ++taken;
                for (auto seen = greatest.load(); seen < now && !greatest.compare_exchange_weak(seen, now);) {
                }
                --taken;
                slots.give_back();
            }
        });
    }
    threads.clear();
    EXPECT_LE(greatest, 3);
    EXPECT_GE(greatest, 1);
}

TEST(Slots, WhoAsksAgainAndAgainHoldsUpNobody) {
    Slots slots(1);
    std::atomic<bool> done = false;
    std::vector<std::jthread> greedy;
    for (int i = 0; i < 4; ++i) {
        greedy.emplace_back([&] {
            while (!done) {
                slots.take();
                slots.give_back();
            }
        });
    }
    for (int round = 0; round < 200; ++round) {
        slots.take();
        slots.give_back();
    }
    done = true;
}

}  // namespace

}  // namespace storage_test
