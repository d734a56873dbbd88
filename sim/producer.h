#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/delivery.h"
#include "sim/logical_event.h"
#include "sim/node.h"

namespace sim {

struct ProducerOptions {
    double rate = 0;                       ///< events a second; 0: at the times of the source
    std::optional<std::uint64_t> events;   ///< then it stops
    std::chrono::nanoseconds max_skew{0};  ///< between the nodes
    std::uint64_t seed = 1;                ///< of the skew
    bool stamp = false;                    ///< add "sent_at_ns" to each event
    bool paused = false;                   ///< wait for resume()
    std::chrono::nanoseconds start_delay{0};
    std::uint64_t wait_for_subscribers = 0;  ///< on every endpoint of every node
    std::string record;                      ///< file that gets every payload, a line each
};

/// Takes events from the source as their time comes and brings them to the nodes. On the io_context's one
/// thread.
class Producer {
  public:
    struct Progress {
        std::uint64_t events = 0;
        std::array<std::uint64_t, base::kKinds.size()> by_kind{};
        std::shared_ptr<const BlockInfo> last_block;
    };

    Producer(boost::asio::io_context& context, ProducerOptions options, std::unique_ptr<EventSource> source,
             std::vector<Node*> nodes);

    /// Begins once the delay has passed and the subscribers are there; `on_begin` is called then.
    /// An error when the record cannot be written.
    [[nodiscard]] base::Result<void> start(std::function<void()> on_begin);

    /// Stops producing; what is on its way to the nodes still arrives.
    void pause();
    /// Goes on; with `events`, for that many more.
    void resume(std::optional<std::uint64_t> events);

    [[nodiscard]] const Progress& progress() const { return progress_; }
    [[nodiscard]] bool producing() const { return !paused_at_ && next_.has_value() && !at_limit(); }
    /// Events that some node does not have yet.
    [[nodiscard]] std::size_t pending() const { return delivery_.pending(); }

  private:
    using Clock = std::chrono::steady_clock;

    void tick();
    [[nodiscard]] bool may_begin();
    void produce_until(std::chrono::nanoseconds now);
    void emit(std::chrono::nanoseconds when);
    void deliver_until(std::chrono::nanoseconds now);
    void schedule(std::chrono::nanoseconds now);
    void tick_at(Clock::time_point when);
    void fetch();
    [[nodiscard]] std::chrono::nanoseconds next_due() const;
    [[nodiscard]] std::chrono::nanoseconds elapsed() const { return Clock::now() - origin_; }
    [[nodiscard]] bool at_limit() const { return limit_ && progress_.events >= *limit_; }

    ProducerOptions options_;
    std::unique_ptr<EventSource> source_;
    std::vector<Node*> nodes_;
    Delivery delivery_;
    boost::asio::steady_timer timer_;
    std::uint64_t turn_ = 0;  ///< of the latest tick_at(): it overrides those before
    std::function<void()> on_begin_;
    std::ofstream record_;
    Clock::time_point origin_ = Clock::now();
    bool begun_ = false;
    std::chrono::nanoseconds shift_{0};  ///< how long production has stood still
    std::optional<std::chrono::nanoseconds> paused_at_;
    std::optional<std::uint64_t> limit_;
    std::optional<LogicalEvent> next_;
    Progress progress_;
};

}  // namespace sim
