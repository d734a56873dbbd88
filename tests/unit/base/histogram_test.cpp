#include "base/histogram.h"

#include <array>
#include <gtest/gtest.h>
#include <prometheus/metric_family.h>
#include <thread>

namespace base {
namespace {

constexpr std::array kBounds{1.0, 10.0, 100.0};

TEST(Histogram, ABoundBelongsToItsBucket) {
    Histogram histogram(kBounds);
    histogram.observe(1);
    histogram.observe(1.5, 2);
    histogram.observe(100);
    histogram.observe(101);
    const auto reading = histogram.read();
    EXPECT_EQ(reading.counts, (std::vector<std::uint64_t>{1, 2, 1, 1}));
    EXPECT_DOUBLE_EQ(reading.sum, 1 + 3 + 100 + 101);
}

TEST(Histogram, AQuantileIsTheBoundOfItsBucket) {
    Histogram histogram(kBounds);
    EXPECT_EQ(histogram.read().quantile(0.99, kBounds), 0);
    histogram.observe(5, 98);
    histogram.observe(50, 2);
    EXPECT_EQ(histogram.read().quantile(0.5, kBounds), 10);
    EXPECT_EQ(histogram.read().quantile(0.98, kBounds), 10);
    EXPECT_EQ(histogram.read().quantile(0.99, kBounds), 100);
    histogram.observe(5000, 1000);
    EXPECT_EQ(histogram.read().quantile(0.99, kBounds), 100) << "no more is known of what is above the last";
}

TEST(Histogram, WhatCameSinceAnEarlierReading) {
    Histogram histogram(kBounds);
    histogram.observe(50, 7);
    const auto earlier = histogram.read();
    histogram.observe(0.5, 3);
    const auto since = histogram.read().since(earlier);
    EXPECT_EQ(since.counts, (std::vector<std::uint64_t>{3, 0, 0, 0}));
    EXPECT_DOUBLE_EQ(since.sum, 1.5);
}

TEST(Histogram, ThreadsCountTogether) {
    Histogram histogram(kBounds);
    constexpr int kEach = 10'000;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < kEach; ++n) histogram.observe(2);
            });
        }
    }
    EXPECT_EQ(histogram.read().counts[1], 4U * kEach);
    EXPECT_DOUBLE_EQ(histogram.read().sum, 8.0 * kEach);
}

TEST(Histogram, ATallyIsSeenWhenItIsFlushed) {
    Histogram histogram(kBounds);
    Histogram::Tally tally(histogram);
    tally.observe(5, 3);
    tally.observe(500);
    EXPECT_EQ(histogram.read().counts, (std::vector<std::uint64_t>{0, 0, 0, 0}));
    tally.flush();
    EXPECT_EQ(histogram.read().counts, (std::vector<std::uint64_t>{0, 3, 0, 1}));
    EXPECT_DOUBLE_EQ(histogram.read().sum, 515);
    tally.flush();
    EXPECT_DOUBLE_EQ(histogram.read().sum, 515);
}

TEST(HistogramFamily, HasALabelForEachValue) {
    HistogramFamily family("time_seconds", "Times", {"server", "route"}, {1});
    family.of({"rest", "/block"}).observe(0.5);
    const auto labels = family.Collect().front().metric.front().label;
    ASSERT_EQ(labels.size(), 2U);
    EXPECT_EQ(labels[1].name, "route");
    EXPECT_EQ(labels[1].value, "/block");
    EXPECT_THROW((void)family.of({"rest"}), std::invalid_argument);
}

TEST(HistogramFamily, IsCollectedWithCumulativeBuckets) {
    HistogramFamily family("size_bytes", "Sizes", {"filter"}, {1, 10});
    EXPECT_TRUE(family.Collect().empty()) << "nothing was asked for yet";
    family.of({"main"}).observe(0.5);
    family.of({"main"}).observe(5);
    family.of({"main"}).observe(50);
    EXPECT_EQ(&family.of({"main"}), &family.of({"main"}));
    (void)family.of({"sigs"});
    const auto families = family.Collect();
    ASSERT_EQ(families.size(), 1U);
    EXPECT_EQ(families[0].name, "size_bytes");
    ASSERT_EQ(families[0].metric.size(), 2U);
    const auto& main = families[0].metric[0];
    EXPECT_EQ(main.label[0].value, "main");
    ASSERT_EQ(main.histogram.bucket.size(), 2U);
    EXPECT_EQ(main.histogram.bucket[0].cumulative_count, 1U);
    EXPECT_EQ(main.histogram.bucket[1].cumulative_count, 2U);
    EXPECT_EQ(main.histogram.sample_count, 3U);
    EXPECT_DOUBLE_EQ(main.histogram.sample_sum, 55.5);
}

}  // namespace
}  // namespace base
