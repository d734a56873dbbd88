#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>

#include "base/result.h"
#include "stream/replays.h"

namespace stream {

/// What a subscriber that is behind the ring reads of the log: it waits for a turn, reads a page in it, and
/// then the next; a log that cannot be read is asked again a second later. Made when the ring has moved on,
/// gone when the log has caught up with it. Lives on its shard's thread.
class LogReading : public std::enable_shared_from_this<LogReading> {
  public:
    using Clock = std::chrono::steady_clock;

    /// The subscriber, which outlives this. Never called from within a call of its own.
    class Reader {
      public:
        virtual void go_on() = 0;      ///< a page has come, or read_on() would do something now
        virtual void overtaken() = 0;  ///< what was to come next was deleted before it could be read
        virtual void cannot_read(const base::Error& error) = 0;  ///< for now

      protected:
        ~Reader() = default;
    };

    /// The next page.
    struct Wish {
        storage::ReadRequest request;
        ReplayForm form;
        base::EventId complete_from;  ///< what is missing below it, the reader was told
    };

    LogReading(Reader& reader, Replays& replays, boost::asio::any_io_executor executor);
    ~LogReading();
    LogReading(const LogReading&) = delete;
    LogReading& operator=(const LogReading&) = delete;

    /// Of the page, how much is left: frames or segments.
    [[nodiscard]] std::size_t left() const { return page_.size() - at_; }
    /// So far ahead; null: the page does not have it.
    [[nodiscard]] const Frame* frame(std::size_t ahead) const;
    /// The next one of a page that is compressed; null: none is left.
    [[nodiscard]] SegmentPtr segment() const;
    void step() { ++at_; }
    /// Where the log goes on behind the page.
    [[nodiscard]] base::EventId next() const { return page_.next; }

    /// The page is used up: asks for a turn, and with one for the next page. Does nothing while an answer, or
    /// another try, is due.
    void read_on(const Wish& wish);

    /// Gives the turn to somebody else, and with it the page.
    void yield_turn();
    [[nodiscard]] bool has_turn() const { return turn_ != nullptr; }
    [[nodiscard]] Clock::time_point turn_since() const { return turn_since_; }

  private:
    void ask_for_turn();
    void on_turn(Replays::TurnPtr turn);
    void on_page(const Wish& wish, base::Result<ReplayPage> page);
    void retry_later();

    Reader& reader_;
    Replays& replays_;
    const boost::asio::any_io_executor executor_;
    ReplayPage page_;
    std::size_t at_ = 0;
    Replays::TurnPtr turn_;
    Clock::time_point turn_since_;
    bool fresh_turn_ = false;  // no page was read in it yet
    Replays::Ticket ticket_ = 0;
    bool asking_ = false;  // a turn or a page is on its way
    std::unique_ptr<boost::asio::steady_timer> retry_;
};

}  // namespace stream
