#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "stream/replays.h"
#include "stream/ring.h"
#include "stream/subscription.h"

namespace stream {

class Shard;

/// Why a stream ended; the names are those of the metric.
enum class EndReason { ClientClosed, WriteFailed, WriteTimeout, Pruned, Stopped };
inline constexpr std::array kEndReasons{EndReason::ClientClosed, EndReason::WriteFailed,
                                        EndReason::WriteTimeout, EndReason::Pruned, EndReason::Stopped};
[[nodiscard]] std::string_view name_of(EndReason reason);

/// Links by which a shard keeps its subscribers in lists; a link leaves its list by itself.
template <class Tag>
using Hook = boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>,
                                              boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using ByTimeHook = Hook<struct ByTimeTag>;
using ByLaneHook = Hook<struct ByLaneTag>;

/// One of the places that `max_concurrent_subscribers` allows; given back when the last copy goes.
using Place = std::shared_ptr<void>;

/// One stream: a socket and a position in the log, never a queue. What it sends next follows from the
/// position alone, from the ring or, when that has moved on, from the log; a socket that takes nothing holds
/// no event in memory. Lives on its shard's thread.
class Subscriber : public std::enable_shared_from_this<Subscriber>, public ByTimeHook, public ByLaneHook {
  public:
    using Clock = std::chrono::steady_clock;

    /// `greeting` is sent first, as it is: the response's head and what else stands before the events.
    Subscriber(Shard& shard, boost::asio::ip::tcp::socket socket, const Subscription& subscription,
               std::string greeting, Place place);

    void start();

    /// Sends what there is, until the socket takes no more or all is sent.
    void pump();

    void send_keep_alive();

    /// Sends what the ring still has (from the log: the frame begun), then ends the body properly.
    void drain();

    /// Ends at once. The shard forgets it.
    void end(EndReason reason);

    /// Gives the turn at the log to somebody else, and with it the frames held; when the socket takes more,
    /// it asks for another.
    void yield_turn();
    [[nodiscard]] bool has_turn() const { return turn_ != nullptr; }
    [[nodiscard]] Clock::time_point turn_since() const { return turn_since_; }

    /// Blocked: whether the client has taken something since the last look, however little. Then since() is
    /// now.
    [[nodiscard]] bool reads_on();

    [[nodiscard]] base::Endpoint endpoint() const { return endpoint_; }
    /// When it last made progress: sent something, or found nothing to send.
    [[nodiscard]] Clock::time_point since() const { return since_; }

  private:
    static constexpr std::size_t kMostBuffers = 64;  // what Asio gathers in one call
    static constexpr std::size_t kPumpRounds = 16;   // then others have their turn

    struct Gathered {
        std::array<boost::asio::const_buffer, kMostBuffers> buffers;
        std::size_t count = 0;
        std::size_t bytes = 0;
        void add(std::string_view part);
    };
    enum class Source { Ring, Log };

    void choose_source();
    void use_log();
    void use_ring();
    [[nodiscard]] const Frame* peek(std::size_t ahead) const;
    [[nodiscard]] bool announces(const base::ApiVersion& version) const;
    void prepare_odd();
    void gather(Gathered& out) const;
    void consume(std::size_t bytes);
    void rest();

    void wait_until_writable();
    [[nodiscard]] int bytes_in_kernel();
    void watch_for_close();
    void on_readable();

    void read_on();
    void on_turn(Replays::TurnPtr turn);
    void on_page(base::Result<ReplayPage> page);
    [[nodiscard]] bool was_overtaken(const ReplayPage& page) const;
    void retry_later(const base::Error& error);

    Shard& shard_;
    boost::asio::ip::tcp::socket socket_;
    const base::Endpoint endpoint_;
    const Framing framing_;

    base::EventId next_;                 ///< everything below is sent, apart from what `offset_` says
    const base::EventId complete_from_;  ///< what is missing below it was announced
    std::size_t offset_ = 0;             ///< bytes sent already of the frame `partial_`
    base::EventId partial_ = 0;          ///< offset_ > 0: the first frame from next_ on
    base::ApiVersion version_;           ///< the last one announced
    std::string odd_;                    ///< bytes without an id, which go before the next frame
    std::size_t odd_offset_ = 0;

    Source source_ = Source::Ring;
    Ring::Position position_ = 0;  ///< Source::Ring: of the frame to send next
    std::vector<FramePtr> page_;   ///< Source::Log: what was read
    std::size_t page_at_ = 0;
    base::EventId page_next_ = 0;  ///< where to read on after it
    Replays::TurnPtr turn_;
    Clock::time_point turn_since_;
    bool fresh_turn_ = false;  // no page was read in it yet
    Replays::Ticket ticket_ = 0;
    bool asking_ = false;  ///< a turn or a page is on its way
    std::unique_ptr<boost::asio::steady_timer> retry_;

    Clock::time_point since_;
    bool blocked_ = false;  ///< the socket takes nothing for now
    int unsent_ = 0;        // blocked: bytes_in_kernel() at the last look
    bool draining_ = false;
    bool finishing_ = false;  ///< what is in odd_ is the last
    bool ended_ = false;
    const Place place_;
};

}  // namespace stream
