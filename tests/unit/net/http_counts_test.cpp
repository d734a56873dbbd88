#include "net/http_counts.h"

#include <array>
#include <gtest/gtest.h>

namespace net {
namespace {

constexpr std::array kTable{Route{"GET", "/a"}, Route{"DELETE", "/a"}, Route{"GET", "/b/{id}"}};

class HttpCountsTest : public testing::Test {
  protected:
    double requests(std::string_view route, unsigned status) {
        return metrics_.http_requests("test", route, status).Value();
    }
    std::size_t series(std::string_view name) {
        for (const auto& family : metrics_.collect()) {
            if (family.name == name) return family.metric.size();
        }
        return 0;
    }

    base::Metrics metrics_;
    HttpCounts counts_{metrics_, "test", kTable};
};

TEST_F(HttpCountsTest, ARowIsCountedByItsPattern) {
    EXPECT_EQ(series("sidecar_http_requests_total"), 3U) << "a series for each pattern, and one for no row";
    counts_.count(0, 200, HttpCounts::Clock::now());
    counts_.count(1, 200, HttpCounts::Clock::now());
    counts_.count(2, 404, HttpCounts::Clock::now());
    EXPECT_EQ(requests("/a", 200), 2);
    EXPECT_EQ(requests("/b/{id}", 404), 1);
    EXPECT_EQ(requests("/b/{id}", 200), 0);
}

TEST_F(HttpCountsTest, WhatGoesToNoRowIsOther) {
    counts_.count(kTable.size(), 404, HttpCounts::Clock::now());
    counts_.count(1000, 400, HttpCounts::Clock::now() - std::chrono::seconds(2));
    EXPECT_EQ(requests("other", 404), 1);
    EXPECT_EQ(requests("other", 400), 1);
    EXPECT_GT(metrics_.http_request_seconds("test", "other").read().sum, 1.9);
}

}  // namespace
}  // namespace net
