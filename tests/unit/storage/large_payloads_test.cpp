// Large payloads, read side by side.

#include "storage/large_payloads.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <mutex>
#include <vector>

#include "support/process.h"

namespace storage_test {

namespace {

using storage::LargePayloads;
using support::eventually;

/// Reads that wait until they are let go on.
class Reads {
  public:
    base::Result<std::optional<std::string>> read(std::uint64_t number) {
        ++begun;
        const auto now = ++running;
        greatest = std::max(greatest.load(), now);
        released_.wait(false);
        --running;
        if (number == 0) return base::unavailable("the disk is gone");
        if (number > 100) return std::optional<std::string>();
        return std::optional(std::to_string(number));
    }
    void release() {
        released_ = true;
        released_.notify_all();
    }

    std::atomic<int> begun = 0;
    std::atomic<int> running = 0;
    std::atomic<int> greatest = 0;

  private:
    std::atomic<bool> released_ = false;
};

class LargePayloadsTest : public testing::Test {
  protected:
    auto begin(std::uint64_t number) {
        return std::async(std::launch::async, [this, number] { return payloads.get(number); });
    }

    Reads reads;
    LargePayloads payloads{[this](std::uint64_t number) { return reads.read(number); }};
};

TEST_F(LargePayloadsTest, OneThatIsReadAlreadyIsReadOnce) {
    std::vector<std::future<base::Result<LargePayloads::Payload>>> calls;
    for (int i = 0; i < 6; ++i) calls.push_back(begin(7));
    ASSERT_TRUE(eventually([&] { return reads.begun == 1; }));
    reads.release();
    // All hold their copy until the last is looked at.
    std::vector<LargePayloads::Payload> copies;
    for (auto& call : calls) copies.push_back(call.get().value());
    for (const auto& copy : copies) {
        EXPECT_EQ(*copy, "7");
        EXPECT_EQ(copy, copies.front());
    }
    EXPECT_EQ(reads.begun, 1);
}

TEST_F(LargePayloadsTest, AtMostTwoAreReadAtATime) {
    std::vector<std::future<base::Result<LargePayloads::Payload>>> calls;
    for (std::uint64_t number = 1; number <= 8; ++number) calls.push_back(begin(number));
    ASSERT_TRUE(eventually([&] { return reads.running == 2; }));
    reads.release();
    for (std::uint64_t number = 1; number <= 8; ++number)
        EXPECT_EQ(*calls[number - 1].get().value(), std::to_string(number));
    EXPECT_EQ(reads.greatest, 2);
}

TEST_F(LargePayloadsTest, WhatNobodyHoldsIsReadAgain) {
    reads.release();
    EXPECT_EQ(*payloads.get(5).value(), "5");
    EXPECT_EQ(*payloads.get(5).value(), "5");
    EXPECT_EQ(reads.begun, 2);
    const auto held = payloads.get(5).value();
    EXPECT_EQ(payloads.get(5).value(), held);
    EXPECT_EQ(reads.begun, 3);
}

TEST_F(LargePayloadsTest, AFailureIsNoAnswerForTheNextOne) {
    reads.release();
    EXPECT_FALSE(payloads.get(0));
    EXPECT_FALSE(payloads.get(0));
    EXPECT_FALSE(payloads.get(101).value());
    EXPECT_EQ(reads.begun, 3);
    EXPECT_EQ(*payloads.get(1).value(), "1");
}

}  // namespace

}  // namespace storage_test
