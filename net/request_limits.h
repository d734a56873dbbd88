#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <variant>

#include "net/http_message.h"

namespace net {

struct RequestLimitOptions {
    std::uint32_t max_concurrent_requests = 50;  ///< at least 1
    std::uint32_t max_requests_per_second = 50;  ///< at least 1; a second's worth may come at once
    std::chrono::milliseconds request_timeout{10'000};
};

/// Bounds how many requests are answered at a time and begun in a second. What is over waits its turn, in
/// order, for at most `request_timeout`, and is then refused with 429 and Retry-After; at once, where the
/// rate alone makes the wait longer. Everything here, leases too, belongs to the one thread that runs the
/// coroutines; leases, and those who wait, may outlive this object.
class RequestLimits {
  public:
    explicit RequestLimits(RequestLimitOptions options);
    ~RequestLimits();
    RequestLimits(const RequestLimits&) = delete;
    RequestLimits& operator=(const RequestLimits&) = delete;

    /// A place among those that are answered, until it is destroyed.
    class Lease {
      public:
        Lease(Lease&& other) noexcept;
        Lease& operator=(Lease&& other) noexcept;
        ~Lease();

        /// When the answer must have begun: `request_timeout` after the place was given.
        [[nodiscard]] std::chrono::steady_clock::time_point deadline() const;

      private:
        friend class RequestLimits;
        struct Place;
        explicit Lease(std::unique_ptr<Place> place);
        std::unique_ptr<Place> place_;
    };

    /// Waits for a place. When the coroutine is cancelled (its client has gone), its place in the queue is
    /// free and this throws operation_aborted.
    [[nodiscard]] boost::asio::awaitable<std::variant<Lease, Refusal>> enter();

    using Work = std::function<boost::asio::awaitable<Response>()>;

    /// Enters, works, and gives the answer: 429 as of enter(); 503 with Retry-After when `work` has not
    /// returned within `request_timeout` from then on, however long the waiting was. Such work goes on, keeps
    /// its place until it ends, and its answer is thrown away; so does that of a client that goes away. What
    /// a streamed body costs afterwards is not bounded here. An exception of `work` comes out of this.
    [[nodiscard]] boost::asio::awaitable<std::variant<Response, Refusal>> run(Work work);

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace net
