#include "stream/chain_head.h"

#include <gtest/gtest.h>

namespace stream {
namespace {

using namespace std::chrono_literals;

TEST(ChainHead, IsTheHighestBlockAndWhenItCame) {
    const auto start = ChainHead::Clock::now();
    ChainHead head(start);
    EXPECT_EQ(head.height(), std::nullopt);
    EXPECT_EQ(head.since(), start);
    head.block(0, start + 1s);
    EXPECT_EQ(head.height(), 0U);
    EXPECT_EQ(head.since(), start + 1s);
    head.block(10, start + 2s);
    head.block(10, start + 3s);
    head.block(4, start + 4s);
    EXPECT_EQ(head.height(), 10U);
    EXPECT_EQ(head.since(), start + 2s) << "an old block does not make the chain young";
}

}  // namespace
}  // namespace stream
