#pragma once

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "storage/event_log.h"
#include "stream/inbox.h"
#include "stream/options.h"
#include "stream/publication.h"
#include "stream/replays.h"
#include "stream/ring.h"
#include "stream/shard_counts.h"
#include "stream/staggered_end.h"
#include "stream/subscriber.h"

namespace stream {

/// A thread with its share of the subscribers and a ring of its own: nothing on its path is shared or locked.
/// What an operator asks for, publish(), drain() and stop() from any thread; the rest on its own.
class Shard {
  public:
    using Clock = Subscriber::Clock;

    /// `newest`: the frames that the ring starts with; `next`: the id after them.
    Shard(const Options& options, std::span<const FramePtr> newest, base::EventId next,
          base::ApiVersion api_version, Replays& replays, base::Log log, base::Metrics& metrics);
    ~Shard();
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    [[nodiscard]] boost::asio::io_context& context() { return context_; }
    void start();
    void publish(PublicationPtr publication);

    /// Calls `done` on the shard's thread.
    void report(std::function<void(SubscriberReports)> done);
    /// Ends this subscriber's stream; `done` hears on the shard's thread whether there is one.
    void close(SubscriberId id, std::function<void(bool found)> done);
    /// Ends every stream, the oldest first, as StaggeredEnd does, and those to come; until stop_ending().
    void end_all_over(std::chrono::steady_clock::duration time, double phase);
    void stop_ending();

    /// Lets every subscriber send what it has and end; `drained` runs on the shard's thread when none is
    /// left.
    void drain(std::function<void()> drained);
    /// Ends what is left, and the thread.
    void stop();

    void add(tls::Socket socket, const Subscription& subscription, const Greeting& greeting, Place place);

    [[nodiscard]] const Ring& ring() const { return ring_; }
    [[nodiscard]] LanePtr lane(const LaneKey& key) { return ring_.lane(key); }
    [[nodiscard]] const base::ApiVersion& api_version() const { return api_version_; }
    [[nodiscard]] Replays& replays() { return replays_; }

    /// Any thread.
    [[nodiscard]] const ShardCounts& counts() const { return counts_; }

    /// For its subscribers: what they sent. `waited` says that they were waiting for it when it came.
    void count_delivery(base::Endpoint endpoint, std::size_t events, std::size_t bytes,
                        Clock::time_point sent, bool waited);
    void count_replay() { counts_.replay(); }

    /// For its subscribers: where they wait.
    void mark_caught_up(Subscriber& subscriber);  ///< for the next event of its lane
    void mark_quiet(Subscriber& subscriber);      ///< for anything but the socket
    void mark_blocked(Subscriber& subscriber);    ///< for the socket to take more
    void forget(Subscriber& subscriber, EndReason reason);
    void complain_of_reading(const base::Error& error);

  private:
    // In the order of Subscriber::since(): who makes progress goes to the end.
    using TimeList = boost::intrusive::list<Subscriber, boost::intrusive::base_hook<ByTimeHook>,
                                            boost::intrusive::constant_time_size<false>>;

    template <class Visitor>
    void each(Visitor visit);
    [[nodiscard]] std::vector<std::shared_ptr<Subscriber>> all();
    static void insert_by_time(TimeList& list, Subscriber& subscriber);
    void release_sent();
    void take_published();
    void take(const Publication& publication);
    void wake_touched();
    void wake(Lane::Waiters& waiting);
    void send_joined();
    void arm(Clock::time_point deadline);
    void on_timer();
    void note_progress();
    void pass_on_turns(Clock::time_point now);
    void end_laggards();
    void finish_drain();

    const Options options_;
    Replays& replays_;
    const base::Log log_;
    base::LogLimiter read_complaints_;
    std::array<base::Counter*, kEndReasons.size()> ends_{};
    std::array<base::Gauge*, base::kEndpointCount> subscribers_{};
    base::Histogram::Tally delivery_seconds_;
    ShardCounts counts_;

    Inbox inbox_;
    Ring ring_;
    base::ApiVersion api_version_;
    TimeList quiet_;
    TimeList blocked_;
    Clock::time_point next_release_;
    bool wake_is_due_ = false;
    struct Joined {
        Subscriber* subscriber;
        Subscriber::Amount amount;
    };
    std::unique_ptr<tls::SendBatch> batch_;       ///< none: each sends for itself
    std::vector<Joined> joined_;                  ///< those whose sends are in the batch
    std::optional<Clock::time_point> committed_;  ///< of the oldest event that those who wait are woken for
    std::optional<Clock::time_point> taken_;      ///< the same for whom the next wake-up is
    std::function<void()> drained_;

    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer coalescing_;  ///< runs while live events are gathered
    StaggeredEnd staggered_end_;
    Clock::time_point armed_ = Clock::time_point::max();
    std::thread thread_;
};

}  // namespace stream
