#include "net/request_limits.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <vector>

namespace net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Lease = RequestLimits::Lease;

/// Requests with a number each, in one io_context.
class RequestLimitsTest : public testing::Test {
  protected:
    void open(RequestLimitOptions options) { limits_.emplace(options); }

    void request(int number, asio::cancellation_slot slot = {}) {
        asio::co_spawn(context_, enter(number), asio::bind_cancellation_slot(slot, asio::detached));
        poll();
    }
    void poll() {
        context_.restart();
        context_.poll();
    }
    /// Until so many were answered, with a lease or without.
    void run_until_answered(std::size_t count) {
        context_.restart();
        const auto end = Clock::now() + 20s;
        while (order_.size() < count && Clock::now() < end) context_.run_one_for(100ms);
        ASSERT_EQ(order_.size(), count);
    }
    void leave(int number) {
        leases_.erase(number);
        poll();
    }

    asio::awaitable<void> enter(int number) {
        auto entered = co_await limits_->enter();
        order_.push_back(number);
        if (auto* lease = std::get_if<Lease>(&entered)) {
            leases_.emplace(number, std::move(*lease));
        } else {
            refusals_[number] = std::get<Refusal>(entered);
        }
    }

    asio::io_context context_;
    std::optional<RequestLimits> limits_;
    std::map<int, Lease> leases_;
    std::map<int, Refusal> refusals_;
    std::vector<int> order_;
};

using Order = std::vector<int>;

TEST_F(RequestLimitsTest, WhatIsOverWaitsInOrder) {
    open({.max_concurrent_requests = 2, .max_requests_per_second = 1000});
    for (int i = 1; i <= 5; ++i) request(i);
    EXPECT_EQ(order_, (Order{1, 2}));
    leave(1);
    EXPECT_EQ(order_, (Order{1, 2, 3}));
    leases_.clear();
    poll();
    EXPECT_EQ(order_, (Order{1, 2, 3, 4, 5}));
    request(6);
    EXPECT_EQ(order_.size(), 5U) << "both places are taken again";
}

TEST_F(RequestLimitsTest, ASecondsWorthComesAtOnceAndMoreAtTheRate) {
    open({.max_concurrent_requests = 100, .max_requests_per_second = 20});
    const auto begin = Clock::now();
    for (int i = 1; i <= 30; ++i) request(i);
    EXPECT_GE(order_.size(), 20U);
    EXPECT_LE(order_.size(), 20U + static_cast<std::size_t>((Clock::now() - begin + 10ms) / 50ms));
    run_until_answered(30);
    const auto took = Clock::now() - begin;
    EXPECT_GE(took, 450ms) << "ten more at 20 a second";
    EXPECT_TRUE(refusals_.empty());
    for (int i = 0; i < 30; ++i) EXPECT_EQ(order_.at(static_cast<std::size_t>(i)), i + 1);
}

TEST_F(RequestLimitsTest, WhoWaitsTooLongGets429) {
    open({.max_concurrent_requests = 1, .max_requests_per_second = 1000, .request_timeout = 100ms});
    const auto begin = Clock::now();
    request(1);
    request(2);
    run_until_answered(2);
    EXPECT_GE(Clock::now() - begin, 100ms);
    ASSERT_TRUE(refusals_.contains(2));
    EXPECT_EQ(refusals_[2].status, 429U);
    EXPECT_EQ(find_header(refusals_[2].headers, "retry-after"), "1");
    leave(1);
    request(3);
    EXPECT_TRUE(leases_.contains(3)) << "who was refused left nothing behind";
}

TEST_F(RequestLimitsTest, WhoseTurnCannotComeInTimeIsRefusedAtOnce) {
    open({.max_concurrent_requests = 100, .max_requests_per_second = 1, .request_timeout = 2500ms});
    for (int i = 1; i <= 20; ++i) request(i);
    EXPECT_EQ(leases_.size(), 1U);
    EXPECT_EQ(order_.size() - leases_.size(), 17U) << "two can have their turn within two seconds and a half";
    EXPECT_EQ(refusals_[20].status, 429U);
    run_until_answered(20);
    EXPECT_EQ(leases_.size(), 3U);
}

TEST_F(RequestLimitsTest, AClientThatGoesAwayFreesItsPlaceInTheQueue) {
    open({.max_concurrent_requests = 1, .max_requests_per_second = 1000});
    asio::cancellation_signal gone;
    request(1);
    request(2, gone.slot());
    request(3);
    gone.emit(asio::cancellation_type::terminal);
    poll();
    EXPECT_EQ(order_, (Order{1}));
    leave(1);
    EXPECT_EQ(order_, (Order{1, 3}));
}

TEST_F(RequestLimitsTest, OneThatGoesAwayInFrontOfAnotherWakesIt) {
    open({.max_concurrent_requests = 10, .max_requests_per_second = 1});
    asio::cancellation_signal gone;
    request(1);
    request(2, gone.slot());
    request(3);
    gone.emit(asio::cancellation_type::terminal);
    run_until_answered(2);
    EXPECT_EQ(order_, (Order{1, 3}));
}

TEST_F(RequestLimitsTest, ALeaseMayOutliveTheLimits) {
    open({});
    request(1);
    limits_.reset();
    leases_.clear();
}

// --- run ---

using Outcome = std::variant<Response, Refusal>;

class RequestLimitsRunTest : public RequestLimitsTest {
  protected:
    void run(RequestLimits::Work work) {
        asio::co_spawn(context_, answer(std::move(work)), [this](const std::exception_ptr& failure) {
            if (failure) failed_ = true;
        });
    }
    asio::awaitable<void> answer(RequestLimits::Work work) {
        outcomes_.push_back(co_await limits_->run(std::move(work)));
    }
    /// Works until it is told to end.
    RequestLimits::Work slow() {
        return [this]() -> asio::awaitable<Response> {
            co_await end_.async_wait(asio::as_tuple(asio::use_awaitable));
            co_return text_response(200, "slow");
        };
    }
    static asio::awaitable<Response> quick() { co_return text_response(200, "quick"); }
    static asio::awaitable<Response> broken() {
        throw std::runtime_error("broken");
        co_return Response{};
    }
    void run_until_outcomes(std::size_t count) {
        context_.restart();
        const auto end = Clock::now() + 20s;
        while (outcomes_.size() < count && Clock::now() < end) context_.run_one_for(100ms);
        ASSERT_EQ(outcomes_.size(), count);
    }

    asio::steady_timer end_{context_, Clock::time_point::max()};
    std::vector<Outcome> outcomes_;
    bool failed_ = false;
};

TEST_F(RequestLimitsRunTest, GivesTheAnswerAndFreesThePlace) {
    open({.max_concurrent_requests = 1});
    run(quick);
    run(quick);
    poll();
    ASSERT_EQ(outcomes_.size(), 2U);
    for (const auto& outcome : outcomes_) EXPECT_EQ(bytes_of(std::get<Response>(outcome).body), "quick");
}

TEST_F(RequestLimitsRunTest, AnAnswerThatIsLateIs503AndKeepsItsPlace) {
    open({.max_concurrent_requests = 1, .request_timeout = 100ms});
    run(slow());
    run_until_outcomes(1);
    EXPECT_EQ(std::get<Refusal>(outcomes_[0]).status, 503U);
    EXPECT_EQ(find_header(std::get<Refusal>(outcomes_[0]).headers, "retry-after"), "1");

    run(quick);
    run_until_outcomes(2);
    EXPECT_EQ(std::get<Refusal>(outcomes_[1]).status, 429U) << "the work goes on and has the place";
    end_.cancel();
    poll();
    run(quick);
    run_until_outcomes(3);
    EXPECT_TRUE(std::holds_alternative<Response>(outcomes_[2]));
}

TEST_F(RequestLimitsRunTest, AnExceptionComesOut) {
    open({.max_concurrent_requests = 1});
    run(broken);
    poll();
    EXPECT_TRUE(failed_);
    run(quick);
    poll();
    EXPECT_EQ(outcomes_.size(), 1U);
}

}  // namespace
}  // namespace net
