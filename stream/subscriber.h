#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/container/static_vector.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "stream/end_reason.h"
#include "stream/log_reading.h"
#include "stream/places.h"
#include "stream/ring.h"
#include "stream/stream_body.h"
#include "stream/subscriber_report.h"
#include "stream/subscription.h"
#include "tls/send_batch.h"
#include "tls/socket.h"

namespace stream {

class Shard;

/// By which a shard keeps its subscribers in lists; leaves its list by itself.
struct ByTimeHook
    : boost::intrusive::list_base_hook<boost::intrusive::tag<struct ByTimeTag>,
                                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    struct Filed {
        const void* list = nullptr;
        std::chrono::steady_clock::time_point since;
        bool operator==(const Filed&) const = default;
    };
    Filed filed;  ///< where it is: who waits for its turn again and again is not looked for a place each time
};

/// What a stream begins with.
struct Greeting {
    std::string head;  ///< of the response, as it is sent
    std::string text;  ///< of the body, before the events
};

/// One stream: a socket and a position in the log, never a queue. What it sends next follows from the
/// position alone, from the ring or, when that has moved on, from the log; a socket that takes nothing holds
/// no event in memory, but for the one record (16 KB at most) that a TLS session had already encrypted, and
/// that counts as sent, and of a compressed stream for the segment begun, as the bytes of another one would
/// not continue it. Lives on its shard's thread.
class Subscriber final : public std::enable_shared_from_this<Subscriber>,
                         public ByTimeHook,
                         public LaneWaiter,
                         private LogReading::Reader {
  public:
    using Clock = std::chrono::steady_clock;

    Subscriber(Shard& shard, tls::Socket socket, const Subscription& subscription, const Greeting& greeting,
               Place place);

    void start();

    /// Woken: it was waiting for the events that have just come.
    enum class Cause { Woken, Other };

    /// Sends what there is, until the socket takes no more or all is sent.
    void pump(Cause cause = Cause::Other);

    /// What is sent at a time, but for the bytes themselves.
    struct Amount {
        std::size_t bytes = 0;
        std::size_t frames = 0;
    };
    /// It waits at the end of its lane, and nothing has come that it was not sent.
    [[nodiscard]] bool has_all() const;
    /// Woken, instead of pump(): adds what there is to send, if that is little and the socket is plain, to
    /// those of others. settle() follows, and nothing before it.
    [[nodiscard]] std::optional<Amount> join(tls::SendBatch& batch);
    /// What came of it; goes on as pump() does.
    void settle(Amount added, const tls::SendBatch::Outcome& outcome);

    void send_keep_alive();

    /// Sends what the ring still has (from the log: what is begun), then ends the body properly, for this
    /// reason.
    void drain(EndReason reason);

    /// Ends without sending what is due; the body properly, if the socket takes its end at once.
    void close(EndReason reason);

    /// Ends at once. The shard forgets it.
    void end(EndReason reason);

    [[nodiscard]] SubscriberReport report();
    [[nodiscard]] SubscriberId id() const { return place_.id; }

    /// Gives the turn at the log to somebody else, and with it the frames held; when the socket takes more,
    /// it asks for another.
    void yield_turn() { reading_->yield_turn(); }
    /// Since when it has a turn at the log; none: it has none.
    [[nodiscard]] std::optional<Clock::time_point> turn_since() const;

    /// Blocked: whether the client has taken something since the last look, however little. Then since() is
    /// now.
    [[nodiscard]] bool reads_on();

    [[nodiscard]] base::Endpoint endpoint() const { return lane_->key().endpoint; }
    [[nodiscard]] Lane& lane() { return *lane_; }
    /// Whether it is more events behind than `max`; while they are not in the ring, more ids than `max` and
    /// than it was when it came; never before it has got one whole event, so that who comes back gets on.
    [[nodiscard]] bool lags_more_than(std::uint64_t max) const;
    /// When it last made progress: sent something, or found nothing to send.
    [[nodiscard]] Clock::time_point since() const { return since_; }
    /// The oldest event of the ring that it has still to get; none: it has all of the ring, or reads the log.
    [[nodiscard]] std::optional<base::EventId> wanted_of_ring() const;

  private:
    static constexpr std::size_t kMostBuffers = tls::Socket::kMostGathered;
    // Then others have their turn; a round may have to compress a segment first.
    static constexpr std::size_t kPumpRounds = 4;
    static constexpr std::size_t kCompressedPumpRounds = 2;

    struct Gathered : Amount {
        boost::container::static_vector<boost::asio::const_buffer, kMostBuffers> buffers;
        void add(std::string_view part);
    };

    void choose_source();
    void use_log();
    void use_ring();
    [[nodiscard]] bool reads_ring() const { return reading_ == nullptr; }
    [[nodiscard]] const Frame* peek(std::size_t ahead) const;
    /// Of what is to be sent next; null: there is nothing.
    [[nodiscard]] const base::ApiVersion* next_version() const;
    [[nodiscard]] bool announces(const base::ApiVersion& version) const;
    /// Whether something without an id, or the end, may be sent now.
    [[nodiscard]] bool between_events() const { return offset_ == 0 && !segment_; }
    void prepare_odd();
    void gather_next(Gathered& out);
    void gather(Gathered& out);
    void gather_frames(Gathered& out) const;
    void gather_lane(Gathered& out) const;
    [[nodiscard]] SegmentPtr take_segment();
    /// Whether the socket may take more.
    [[nodiscard]] bool took(Amount offered, std::size_t sent, boost::system::error_code error, Cause cause);
    /// How many frames it has got to their end.
    [[nodiscard]] std::size_t consume(Amount offered, std::size_t bytes);
    [[nodiscard]] std::size_t consume_part(std::size_t bytes);
    [[nodiscard]] std::size_t consume_frames(std::size_t bytes);
    [[nodiscard]] std::size_t consume_segment(std::size_t bytes);
    void step_over(const Frame& frame);
    void rest();
    void finish();

    void wait_until_writable();
    [[nodiscard]] int bytes_in_kernel();
    void watch_for_close();
    void on_readable();

    void read_on();
    void go_on() override;
    void overtaken() override { end(EndReason::Pruned); }
    void cannot_read(const base::Error& error) override;

    Shard& shard_;
    tls::Socket socket_;
    const LanePtr lane_;
    StreamBody body_;

    base::EventId next_;                 ///< everything below is sent, apart from what `offset_` says
    const base::EventId complete_from_;  ///< what is missing below it was announced
    std::size_t offset_ = 0;             ///< bytes sent of the frame `partial_`; compressed: of its text
    base::EventId partial_ = 0;          ///< offset_ > 0: the first frame from next_ on
    base::ApiVersion version_;           ///< the last one announced
    std::string odd_;                    ///< bytes without an id, which go before the next frame
    std::size_t odd_offset_ = 0;
    SegmentPtr segment_;  ///< compressed: what is being sent
    std::size_t segment_sent_ = 0;

    std::shared_ptr<LogReading> reading_;  ///< none: it is served from the ring
    Lane::Position position_ = 0;          ///< in the ring: of the frame to send next

    Clock::time_point since_;
    bool blocked_ = false;  ///< the socket takes nothing for now
    int unsent_ = 0;        // blocked: bytes_in_kernel() at the last look
    bool draining_ = false;
    bool finishing_ = false;  ///< what is in odd_ is the last
    bool ended_ = false;
    EndReason ending_ = EndReason::Stopped;  ///< draining or finishing: why
    const std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
    const Place place_;
    const base::EventId first_wanted_;
    const std::uint64_t lag_at_start_;
};

}  // namespace stream
