#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <vector>

namespace stream {

class Subscriber;

/// Ends a shard's streams one after the other, evenly over a time, so that their clients do not all come to
/// another sidecar at once. The shard's thread only.
class StaggeredEnd {
  public:
    using Clock = std::chrono::steady_clock;
    using Subscribers = std::vector<std::shared_ptr<Subscriber>>;

    explicit StaggeredEnd(boost::asio::io_context& context) : timer_(context) {}

    /// In this order. `phase`, from 0 to below 1: how far before the end of its turn each is ended, so that
    /// the shards take turns, too.
    void begin(const Subscribers& subscribers, Clock::duration over, double phase);

    /// One that came while streams are being ended.
    void add(const std::shared_ptr<Subscriber>& subscriber);

    /// Who is not ended yet stays.
    void stop();

    [[nodiscard]] bool active() const { return active_; }

  private:
    void wait_until(Clock::time_point due);
    void end_one();

    boost::asio::steady_timer timer_;
    std::deque<std::weak_ptr<Subscriber>> waiting_;
    Clock::time_point deadline_;  ///< of the last one
    bool active_ = false;
    bool armed_ = false;
};

}  // namespace stream
