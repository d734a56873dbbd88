#include "net/request_limits.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <exception>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "base/as_tuple.h"
#include "net/pace.h"

namespace net {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

struct Waiter {
    asio::steady_timer timer;
};

std::string retry_after(Clock::duration wait) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
    return fmt::to_string(std::max<std::chrono::seconds::rep>(seconds.count(), 1));
}

}  // namespace

class RequestLimits::Impl {
  public:
    explicit Impl(RequestLimitOptions options) : options_(options), pace_(options.max_requests_per_second) {}

    /// Stands in the queue while it lives. Whoever becomes the first is woken, as it has to look at the pace.
    class Turn {
      public:
        Turn(Impl& limits, Waiter& waiter) : limits_(limits), waiter_(waiter) {
            limits_.queue_.push_back(&waiter_);
        }
        ~Turn() {
            const bool first = is_first();
            std::erase(limits_.queue_, &waiter_);
            if (first) limits_.wake_first();
        }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

        [[nodiscard]] bool is_first() const { return limits_.queue_.front() == &waiter_; }

      private:
        Impl& limits_;
        Waiter& waiter_;
    };

    [[nodiscard]] const RequestLimitOptions& options() const { return options_; }
    [[nodiscard]] bool has_queue() const { return !queue_.empty(); }

    [[nodiscard]] bool take(Clock::time_point now) {
        if (taken_ >= options_.max_concurrent_requests || now < pace_.next()) return false;
        pace_.take(now);
        ++taken_;
        return true;
    }

    void leave() {
        --taken_;
        wake_first();
    }

    /// When the first of the queue has to look again, unless it is woken.
    [[nodiscard]] Clock::time_point next_look(Clock::time_point deadline) const {
        if (taken_ >= options_.max_concurrent_requests) return deadline;
        return std::min(deadline, pace_.next());
    }

    /// Even if every place were free, who comes now would not have its turn by then.
    [[nodiscard]] bool is_hopeless(Clock::time_point deadline) const {
        return pace_.next_behind(queue_.size()) > deadline;
    }

    [[nodiscard]] Refusal too_many(Clock::time_point now) const {
        return {
            429,
            fmt::format("too many requests: the server answers {} at a time and {} a second; try again later",
                        options_.max_concurrent_requests, options_.max_requests_per_second),
            {{"retry-after", retry_after(pace_.next_behind(queue_.size()) - now)}}};
    }

    [[nodiscard]] Refusal too_late() const {
        return {503,
                fmt::format("the answer took longer than {} ms; try again later",
                            options_.request_timeout.count()),
                {{"retry-after", "1"}}};
    }

  private:
    void wake_first() {
        if (!queue_.empty()) queue_.front()->timer.cancel();
    }

    const RequestLimitOptions options_;
    Pace pace_;
    std::uint32_t taken_ = 0;
    std::deque<Waiter*> queue_;
};

struct RequestLimits::Lease::Place {
    Place(std::shared_ptr<Impl> limits, Clock::time_point until) : impl(std::move(limits)), deadline(until) {}
    ~Place() { impl->leave(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    std::shared_ptr<Impl> impl;
    Clock::time_point deadline;
};

RequestLimits::Lease::Lease(std::unique_ptr<Place> place) : place_(std::move(place)) {}
RequestLimits::Lease::Lease(Lease&&) noexcept = default;
RequestLimits::Lease& RequestLimits::Lease::operator=(Lease&&) noexcept = default;
RequestLimits::Lease::~Lease() = default;

Clock::time_point RequestLimits::Lease::deadline() const {
    return place_->deadline;
}

RequestLimits::RequestLimits(RequestLimitOptions options) : impl_(std::make_shared<Impl>(options)) {}
RequestLimits::~RequestLimits() = default;

asio::awaitable<std::variant<RequestLimits::Lease, Refusal>> RequestLimits::enter() {
    const auto impl = impl_;
    auto now = Clock::now();
    const auto deadline = now + impl->options().request_timeout;
    if (!impl->has_queue() && impl->take(now))
        co_return Lease(std::make_unique<Lease::Place>(impl, deadline));
    if (impl->is_hopeless(deadline)) co_return impl->too_many(now);

    const auto executor = co_await asio::this_coro::executor;
    Waiter waiter{asio::steady_timer(executor)};
    const Impl::Turn turn(*impl, waiter);
    for (;;) {
        if (turn.is_first() && impl->take(now))
            co_return Lease(std::make_unique<Lease::Place>(impl, now + impl->options().request_timeout));
        if (now >= deadline) co_return impl->too_many(now);
        waiter.timer.expires_at(turn.is_first() ? impl->next_look(deadline) : deadline);
        co_await waiter.timer.async_wait(base::kAsTuple);
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) {
            throw boost::system::system_error(asio::error::operation_aborted);
        }
        now = Clock::now();
    }
}

namespace {

/// What a piece of work and the one who waits for it, but not for ever, share.
struct Race {
    explicit Race(const asio::any_io_executor& executor) : timer(executor) {}

    asio::steady_timer timer;
    std::optional<Response> response;
    std::exception_ptr failure;
    bool done = false;
};

asio::awaitable<void> take_part(std::shared_ptr<Race> race, RequestLimits::Work work, RequestLimits::Lease) {
    try {
        auto response = work();
        race->response = co_await std::move(response);
    } catch (...) {
        race->failure = std::current_exception();
    }
    race->done = true;
    race->timer.cancel();
}

}  // namespace

asio::awaitable<std::variant<Response, Refusal>> RequestLimits::run(Work work) {
    const auto impl = impl_;
    auto entered = co_await enter();
    if (auto* refusal = std::get_if<Refusal>(&entered)) co_return std::move(*refusal);

    Lease lease = std::move(std::get<Lease>(entered));
    const auto deadline = lease.deadline();
    const auto executor = co_await asio::this_coro::executor;
    const auto race = std::make_shared<Race>(executor);
    race->timer.expires_at(deadline);
    asio::co_spawn(executor, take_part(race, std::move(work), std::move(lease)), asio::detached);
    if (!race->done) co_await race->timer.async_wait(base::kAsTuple);

    if (race->failure) std::rethrow_exception(race->failure);
    if (!race->done) co_return impl->too_late();
    co_return std::move(*race->response);
}

}  // namespace net
