#pragma once

#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "storage/event_log.h"
#include "stream/frame.h"

namespace stream {

/// Frames read back from the log.
struct ReplayPage {
    std::vector<FramePtr> frames;
    base::EventId from = 0;    ///< where it was read from
    base::EventId next = 0;    ///< where to read on
    base::EventId oldest = 0;  ///< from here on nothing was deleted before it was read
};

/// Who may be served from the log at the moment, and the threads that read it: a slow disk or many replays
/// never hold up a shard. Thread-safe.
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
    [[nodiscard]] bool wanted() const;

    /// Reads on a thread of its own, which also runs `done`.
    void read(const storage::ReadRequest& request, std::function<void(base::Result<ReplayPage>)> done);

    /// Waits for the read under way; those that wait get an error instead, and nobody is granted a turn any
    /// more.
    void stop();

  private:
    void give_back();
    [[nodiscard]] bool stopped() const;

    const storage::EventLog& log_;
    const std::size_t max_at_a_time_;
    mutable std::mutex mutex_;
    std::size_t turns_taken_ = 0;
    bool stopped_ = false;
    std::map<Ticket, std::function<void(TurnPtr)>> waiting_;  // in the order of asking
    Ticket last_ticket_ = 0;
    boost::asio::thread_pool threads_;
};

}  // namespace stream
