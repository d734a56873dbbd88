#pragma once

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "storage/event_log.h"
#include "stream/options.h"
#include "stream/publication.h"
#include "stream/replays.h"
#include "stream/ring.h"
#include "stream/subscriber.h"

namespace stream {

/// A thread with its share of the subscribers and a ring of its own: nothing on its path is shared or locked.
/// publish(), drain() and stop() from any thread; the rest on its own.
class Shard {
  public:
    /// `newest`: the frames that the ring starts with; `next`: the id after them.
    Shard(const Options& options, std::span<const FramePtr> newest, base::EventId next,
          base::ApiVersion api_version, Replays& replays, base::Log log, base::Metrics& metrics);
    ~Shard();
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    [[nodiscard]] boost::asio::io_context& context() { return context_; }
    void start();
    void publish(PublicationPtr publication);

    /// Lets every subscriber send what it has and end; `drained` runs on the shard's thread when none is
    /// left.
    void drain(std::function<void()> drained);
    /// Ends what is left, and the thread.
    void stop();

    void add(boost::asio::ip::tcp::socket socket, const Subscription& subscription, std::string greeting,
             Place place);

    [[nodiscard]] const Ring& ring() const { return ring_; }
    [[nodiscard]] const base::ApiVersion& api_version() const { return api_version_; }
    [[nodiscard]] Replays& replays() { return replays_; }

    /// For its subscribers: where they wait.
    void mark_caught_up(Subscriber& subscriber);  ///< for the next event of its lane
    void mark_quiet(Subscriber& subscriber);      ///< for anything but the socket
    void mark_blocked(Subscriber& subscriber);    ///< for the socket to take more
    void forget(Subscriber& subscriber, EndReason reason);
    void complain_of_reading(const base::Error& error);

  private:
    using Clock = Subscriber::Clock;
    // Both lists are in the order of Subscriber::since(): who makes progress goes to the end.
    using TimeList = boost::intrusive::list<Subscriber, boost::intrusive::base_hook<ByTimeHook>,
                                            boost::intrusive::constant_time_size<false>>;
    using LaneList = boost::intrusive::list<Subscriber, boost::intrusive::base_hook<ByLaneHook>,
                                            boost::intrusive::constant_time_size<false>>;

    static void insert_by_time(TimeList& list, Subscriber& subscriber);
    void take(const Publication& publication);
    void wake(base::Endpoint endpoint);
    void arm(Clock::time_point deadline);
    void on_timer();
    void note_progress();
    void pass_on_turns(Clock::time_point now);
    void finish_drain();

    const Options options_;
    Replays& replays_;
    const base::Log log_;
    base::LogLimiter read_complaints_;
    std::array<base::Counter*, kEndReasons.size()> ends_{};
    std::array<base::Gauge*, base::kEndpointCount> counts_{};

    Ring ring_;
    base::ApiVersion api_version_;
    TimeList quiet_;
    TimeList blocked_;
    std::array<LaneList, base::kEndpointCount> caught_up_;
    std::function<void()> drained_;

    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::steady_timer timer_;
    Clock::time_point armed_ = Clock::time_point::max();
    std::thread thread_;
};

}  // namespace stream
