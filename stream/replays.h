#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "storage/event_log.h"
#include "stream/event_filter.h"
#include "stream/recent_pages.h"
#include "stream/replay_page.h"

namespace stream {

/// Who may be served from the log at the moment, and the threads that read it: a slow disk or many replays
/// never hold up a shard, and where cores are scarce the readers stand back. While events go out to live
/// subscribers, one of them reads at a time, a small piece, no more than a fifth of the time of one
/// core, and none begins while something is being sent. Thread-safe.
class Replays {
  public:
    Replays(const storage::EventLog& log, std::size_t max_at_a_time);
    ~Replays();
    Replays(const Replays&) = delete;
    Replays& operator=(const Replays&) = delete;

    /// The right to hold a page in memory. Given back when destroyed, on whatever thread.
    class Turn {
      public:
        explicit Turn(Replays& replays) : replays_(&replays) {}
        ~Turn() { replays_->give_back(); }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

      private:
        Replays* replays_;
    };
    using TurnPtr = std::unique_ptr<Turn>;

    /// `granted` runs when it is the caller's turn, in the order of asking; at once, or on the thread that
    /// gives one back. It must not block. The ticket is for forget().
    using Ticket = std::uint64_t;
    Ticket wait_for_turn(std::function<void(TurnPtr)> granted);

    /// The caller does not wait any more; nothing happens when its turn has come already.
    void forget(Ticket ticket);

    /// Whether somebody waits for a turn.
    [[nodiscard]] bool wanted() const { return waiting() > 0; }

    /// How many turns are taken, and how many wait for one. Any thread; both take no lock.
    [[nodiscard]] std::size_t taken() const { return turns_taken_; }
    [[nodiscard]] std::size_t waiting() const { return waiting_count_; }

    /// Reads, and compresses, on a thread of its own, which also runs `done`; what was read a moment ago is
    /// given at once.
    void read(const storage::ReadRequest& request, const ReplayForm& form,
              std::function<void(base::Result<ReplayPage>)> done);

    /// Whether the log can be read: asks it, on a thread of its own, which also runs `done`, and waits behind
    /// no replay. Reading also tells the log where its head is. False too when the program ends.
    void probe(std::function<void(bool readable)> done);

    /// While there is one, live subscribers are being sent something. Takes no lock.
    class LiveSending {
      public:
        explicit LiveSending(Replays& replays) : replays_(replays) { replays_.begin_sending(); }
        ~LiveSending() { --replays_.sending_; }
        LiveSending(const LiveSending&) = delete;
        LiveSending& operator=(const LiveSending&) = delete;

      private:
        Replays& replays_;
    };

    /// Waits for the read under way; those that wait get an error instead, and nobody is granted a turn any
    /// more.
    void stop();

  private:
    using Clock = std::chrono::steady_clock;

    void give_back();
    void begin_sending();
    [[nodiscard]] bool has_live_traffic() const;
    void answer_probes();
    [[nodiscard]] bool begin_reading();
    void wait_for_end_of_sending() const;
    void end_reading(std::chrono::nanoseconds took);
    [[nodiscard]] base::Result<ReplayPage> frames_of(const storage::ReadRequest& request);
    [[nodiscard]] base::Result<ReplayPage> read_now(const storage::ReadRequest& request,
                                                    const ReplayForm& form);

    const storage::EventLog& log_;
    const std::size_t max_at_a_time_;
    mutable std::mutex mutex_;
    std::atomic<std::size_t> turns_taken_ = 0;  // changed under the lock only, as the next
    std::atomic<std::size_t> waiting_count_ = 0;
    bool stopped_ = false;
    std::condition_variable may_read_;
    Clock::time_point next_read_;  // guarded as what stands above, as the next
    std::size_t readers_at_work_ = 0;
    std::atomic<Clock::time_point> live_traffic_at_{};
    std::atomic<int> sending_ = 0;                            // shards
    std::map<Ticket, std::function<void(TurnPtr)>> waiting_;  // in the order of asking
    Ticket last_ticket_ = 0;
    std::vector<std::function<void(bool)>> asking_;  // whether the log can be read; under the lock
    RecentPages recent_;
    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::io_context probes_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> probes_work_;
    std::vector<std::thread> threads_;
};

}  // namespace stream
