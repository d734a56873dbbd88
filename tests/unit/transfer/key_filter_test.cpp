#include "transfer/key_filter.h"

#include <gtest/gtest.h>

#include "upstream/natural_key.h"

namespace transfer {
namespace {

base::NaturalKey key(std::uint64_t first, std::uint64_t second = 0) {
    return {upstream::key_of_number(first), second == 0 ? base::KeyBytes{} : upstream::key_of_number(second)};
}

TEST(KeyFilter, KnowsEveryKeyThatCameBefore) {
    KeyFilter filter;
    std::size_t taken_for_known = 0;
    for (std::uint64_t i = 1; i <= 100'000; ++i)
        taken_for_known += filter.add(base::Kind::FinalitySignature, key(i, i % 100 + 1)) ? 1 : 0;
    EXPECT_LT(taken_for_known, 10U);
    for (std::uint64_t i = 1; i <= 100'000; ++i)
        ASSERT_TRUE(filter.add(base::Kind::FinalitySignature, key(i, i % 100 + 1))) << i;
}

TEST(KeyFilter, TellsKindsAndPartsOfAKeyApart) {
    KeyFilter filter;
    EXPECT_FALSE(filter.add(base::Kind::Step, key(1)));
    EXPECT_FALSE(filter.add(base::Kind::Fault, key(1)));
    EXPECT_FALSE(filter.add(base::Kind::Fault, key(1, 1)));
    EXPECT_FALSE(filter.add(base::Kind::Fault, key(1, 2)));
    EXPECT_FALSE(filter.add(base::Kind::Fault, key(2, 1)));
    EXPECT_TRUE(filter.add(base::Kind::Fault, key(1, 2)));
}

}  // namespace
}  // namespace transfer
