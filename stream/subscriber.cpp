#include "stream/subscriber.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <span>
#include <sys/ioctl.h>
#include <utility>

#include "stream/shard.h"

namespace stream {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kPageEvents = 512;
/// Of what the socket has taken and not sent (tcp(7)): with 1 MB for each, 500 who never read made a delivery
/// to the others cost a tenth more, as the kernel copies into colder pages.
constexpr int kMostUnsent = 128 * 1024;
constexpr std::size_t kPageBytes = std::size_t{1} << 20;

}  // namespace

void Subscriber::Gathered::add(std::string_view part) {
    buffers.push_back(asio::buffer(part));
    bytes += part.size();
}

Subscriber::Subscriber(Shard& shard, tls::Socket socket, const Subscription& subscription,
                       const Greeting& greeting, Place place)
    : shard_(shard),
      socket_(std::move(socket)),
      lane_(shard.lane(subscription.lane)),
      body_(subscription.coding, subscription.framing),
      next_(subscription.next),
      complete_from_(subscription.complete_from),
      odd_(greeting.head + body_.begin()),
      since_(Clock::now()),
      place_(std::move(place)),
      first_wanted_(next_),
      lag_at_start_(std::max(shard.ring().next_id(), next_) - next_) {
    if (!greeting.text.empty()) odd_ += body_.text(greeting.text);
    if (next_ >= shard_.ring().first_id()) {
        use_ring();
    } else {
        shard_.count_replay();
        use_log();
    }
}

void Subscriber::start() {
    error_code ignored;
    socket_.tcp().non_blocking(true, ignored);
    ::setsockopt(socket_.tcp().native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kMostUnsent,
                 sizeof kMostUnsent);
    watch_for_close();
    pump();
}

void Subscriber::pump(Cause cause) {
    if (blocked_ || ended_) return;
    const auto rounds = body_.compressed() ? kCompressedPumpRounds : kPumpRounds;
    for (std::size_t round = 0; round < rounds; ++round) {
        Gathered out;
        gather_next(out);
        if (out.buffers.empty() && !socket_.has_unsent()) return finishing_ ? finish() : rest();

        error_code error;
        const std::size_t sent = socket_.write_some(out.buffers, error);
        if (!took(out, sent, error, cause)) return;
    }
    shard_.mark_quiet(*this);
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->pump(); });
}

bool Subscriber::took(Amount offered, std::size_t sent, error_code error, Cause cause) {
    if (error && error != asio::error::would_block) {
        end(EndReason::WriteFailed);
        return false;
    }
    since_ = Clock::now();
    if (!error) {
        const auto frames = consume(offered, sent);
        shard_.count_delivery(endpoint(), frames, sent, since_, cause == Cause::Woken);
    }
    if (!error && sent == offered.bytes && !socket_.has_unsent()) return true;
    wait_until_writable();
    return false;
}

bool Subscriber::has_all() const {
    return reads_ring() && position_ == lane_->end() && between_events() && odd_.empty() && !draining_ &&
           !announces(shard_.api_version());
}

std::optional<Subscriber::Amount> Subscriber::join(tls::SendBatch& batch) {
    const bool much = !reads_ring() || lane_->end() - position_ >= tls::SendBatch::kMostParts;
    if (much || blocked_ || ended_ || socket_.encrypted()) return std::nullopt;
    Gathered out;
    gather_next(out);
    if (out.buffers.empty()) return std::nullopt;
    batch.add(socket_, out.buffers);
    return out;
}

void Subscriber::settle(Amount added, const tls::SendBatch::Outcome& outcome) {
    if (took(added, outcome.bytes, outcome.error, Cause::Woken)) pump(Cause::Woken);
}

/// In the ring while it holds what is next; from the log when it does not; back when the log has caught up
/// with it.
void Subscriber::choose_source() {
    if (segment_) return;
    if (reads_ring()) {
        if (position_ < lane_->begin()) {
            shard_.count_replay();
            return use_log();
        }
        while (offset_ == 0 && position_ < lane_->end() && lane_->at(position_).id() < next_) ++position_;
        return;
    }
    if (reading_->left() > 0 || offset_ > 0) return;
    next_ = std::max(next_, reading_->next());
    if (next_ >= shard_.ring().first_id()) use_ring();
}

void Subscriber::use_ring() {
    reading_.reset();
    position_ = lane_->find(next_);
}

void Subscriber::use_log() {
    LogReading::Reader& reader = *this;
    reading_ = std::make_shared<LogReading>(reader, shard_.replays(), socket_.get_executor());
}

const Frame* Subscriber::peek(std::size_t ahead) const {
    if (reading_) return reading_->frame(ahead);
    return position_ + ahead < lane_->end() ? &lane_->at(position_ + ahead) : nullptr;
}

const base::ApiVersion* Subscriber::next_version() const {
    if (reading_ && body_.compressed()) {
        const auto segment = reading_->segment();
        return segment ? &segment->version() : nullptr;
    }
    const Frame* const frame = peek(0);
    return frame != nullptr ? &frame->version() : nullptr;
}

bool Subscriber::announces(const base::ApiVersion& version) const {
    return endpoint() != base::Endpoint::Sidecar && version > version_;
}

/// What stands between two frames: a change of the version, or the end of the body.
void Subscriber::prepare_odd() {
    if (!odd_.empty() || !between_events() || finishing_) return;
    const auto* const next = next_version();
    if (draining_ && (next == nullptr || reading_)) {
        finishing_ = true;
        odd_ = body_.end();
        return;
    }
    if (next == nullptr && reading_) return;
    const auto& version = next != nullptr ? *next : shard_.api_version();
    if (!announces(version)) return;
    version_ = version;
    odd_ = body_.text(api_version_text(version));
}

void Subscriber::gather_next(Gathered& out) {
    choose_source();
    prepare_odd();
    gather(out);
}

void Subscriber::gather(Gathered& out) {
    if (!odd_.empty()) out.add(std::string_view(odd_).substr(odd_offset_));
    if (finishing_) return;
    if (!body_.compressed()) return gather_frames(out);
    if (!segment_) segment_ = take_segment();
    if (segment_) out.add(segment_->wire(body_.framing()).substr(segment_sent_));
}

void Subscriber::gather_frames(Gathered& out) const {
    if (reads_ring() && !announces(lane_->newest_version())) return gather_lane(out);
    const std::size_t most = draining_ && reading_ ? (offset_ > 0 ? 1 : 0) : kMostBuffers;
    for (std::size_t ahead = 0; ahead < most && out.buffers.size() < kMostBuffers; ++ahead) {
        const Frame* const frame = peek(ahead);
        if (frame == nullptr || announces(frame->version())) return;
        auto bytes = frame->wire(body_.framing());
        if (ahead == 0) bytes.remove_prefix(offset_);
        out.add(bytes);
        ++out.frames;
    }
}

/// No frame has to be looked at for a version to be announced: most of all that is ever sent.
void Subscriber::gather_lane(Gathered& out) const {
    out.frames = std::min<std::size_t>(lane_->end() - position_, kMostBuffers - out.buffers.size());
    std::size_t sent_before = offset_;
    lane_->each_wire(position_, out.frames, body_.framing(),
                     [&](std::string_view wire) { out.add(wire.substr(std::exchange(sent_before, 0))); });
}

SegmentPtr Subscriber::take_segment() {
    const auto* const version = next_version();
    const bool ends_here = draining_ && reading_ && offset_ == 0;
    if (version == nullptr || announces(*version) || ends_here) return nullptr;
    if (reads_ring()) return lane_->segment_at(position_, offset_);
    auto segment = reading_->segment();
    reading_->step();
    return segment;
}

std::size_t Subscriber::consume(Amount offered, std::size_t bytes) {
    if (segment_ || bytes < offered.bytes || reading_) return consume_part(bytes);
    odd_ = std::string();
    odd_offset_ = 0;
    if (offered.frames == 0) return 0;
    position_ += offered.frames - 1;
    step_over(lane_->at(position_));
    return offered.frames;
}

void Subscriber::step_over(const Frame& frame) {
    offset_ = 0;
    next_ = frame.id() + 1;
    reading_ ? reading_->step() : static_cast<void>(++position_);
}

std::size_t Subscriber::consume_part(std::size_t bytes) {
    if (!odd_.empty()) {
        const std::size_t taken = std::min(bytes, odd_.size() - odd_offset_);
        odd_offset_ += taken;
        bytes -= taken;
        if (odd_offset_ < odd_.size()) return 0;
        odd_ = std::string();
        odd_offset_ = 0;
    }
    return segment_ ? consume_segment(bytes) : consume_frames(bytes);
}

std::size_t Subscriber::consume_frames(std::size_t bytes) {
    std::size_t frames = 0;
    for (; bytes > 0; ++frames) {
        const Frame& frame = *peek(0);
        const std::size_t left = frame.wire(body_.framing()).size() - offset_;
        if (bytes < left) {
            offset_ += bytes;
            // What does not pass may lie before it: a page that is read from here begins with this frame.
            next_ = partial_ = frame.id();
            break;
        }
        bytes -= left;
        step_over(frame);
    }
    return frames;
}

std::size_t Subscriber::consume_segment(std::size_t bytes) {
    segment_sent_ += bytes;
    if (segment_sent_ < segment_->wire(body_.framing()).size()) return 0;
    const auto extent = segment_->extent();
    body_.count(*segment_);
    segment_.reset();
    segment_sent_ = 0;
    offset_ = extent.cut;
    partial_ = extent.last;
    next_ = extent.cut > 0 ? extent.last : extent.last + 1;
    position_ += extent.frames;
    return extent.frames;
}

void Subscriber::rest() {
    if (reading_) {
        read_on();
    } else {
        // What passed by is not to be read again, should the ring move on before the next event is sent.
        next_ = std::max(next_, shard_.ring().next_id());
        shard_.mark_caught_up(*this);
    }
    if (!ended_) shard_.mark_quiet(*this);
}

/// The body is at its end.
void Subscriber::finish() {
    socket_.say_end();
    socket_.has_unsent() ? wait_until_writable() : end(ending_);
}

void Subscriber::send_keep_alive() {
    since_ = Clock::now();
    // Inside a frame that waits for the rest of its bytes, nothing else can be sent.
    if (odd_.empty() && between_events()) odd_ = body_.keep_alive();
    shard_.mark_quiet(*this);
    pump();
}

void Subscriber::drain(EndReason reason) {
    draining_ = true;
    ending_ = reason;
    pump();
}

void Subscriber::close(EndReason reason) {
    const auto self = shared_from_this();
    // Inside a frame, or behind what the socket does not take, no end can be said.
    if (!blocked_ && between_events() && !finishing_) {
        finishing_ = true;
        ending_ = reason;
        odd_ += body_.end();
        pump();
    }
    end(reason);
}

SubscriberReport Subscriber::report() {
    using State = SubscriberReport::State;
    const Ring& ring = shard_.ring();
    SubscriberReport report{.id = id(),
                            .endpoint = endpoint(),
                            .state = State::ReplayingLog,
                            .since = started_,
                            .next = next_,
                            .lag_events = std::max(ring.next_id(), next_) - next_,
                            .lag_bytes = {},
                            .peer = {},
                            .encrypted = socket_.encrypted()};
    error_code ignored;
    report.peer = socket_.tcp().remote_endpoint(ignored);
    if (reads_ring() && position_ >= lane_->begin()) {
        const auto bytes = lane_->bytes_from(position_);
        report.lag_events = lane_->end() - position_;
        report.lag_bytes = bytes - std::min<std::uint64_t>(offset_, bytes);
        report.state = report.lag_events > 0 ? State::ReplayingRing : State::Live;
        if (report.lag_events == 0) report.next = std::max(next_, ring.next_id());
    }
    if (blocked_) report.state = State::Blocked;
    return report;
}

void Subscriber::end(EndReason reason) {
    if (ended_) return;
    ended_ = true;
    ByTimeHook::unlink();
    LaneWaiter::unlink();
    reading_.reset();
    segment_.reset();
    error_code ignored;
    if (reason == EndReason::WriteTimeout || reason == EndReason::TooFarBehind) {
        // What the client never read is not worth the kernel's memory.
        socket_.tcp().set_option(asio::socket_base::linger(true, 0), ignored);
    } else {
        socket_.tcp().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    }
    socket_.close();
    shard_.forget(*this, reason);
}

void Subscriber::wait_until_writable() {
    blocked_ = true;
    unsent_ = bytes_in_kernel();
    shard_.mark_blocked(*this);
    auto on_writable = [self = shared_from_this()](error_code error) {
        self->blocked_ = false;
        if (!error) self->pump();
    };
    socket_.tcp().async_wait(asio::ip::tcp::socket::wait_write, std::move(on_writable));
}

/// What the socket has taken and the client has not acknowledged.
int Subscriber::bytes_in_kernel() {
    int bytes = 0;
    return ::ioctl(socket_.tcp().native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

std::optional<base::EventId> Subscriber::wanted_of_ring() const {
    if (!reads_ring() || position_ < lane_->begin() || position_ >= lane_->end()) return std::nullopt;
    return lane_->at(position_).id();
}

bool Subscriber::lags_more_than(std::uint64_t max) const {
    if (next_ == first_wanted_) return false;
    if (reads_ring() && position_ >= lane_->begin()) return lane_->end() - position_ > max;
    const auto lag = std::max(shard_.ring().next_id(), next_) - next_;
    return lag > lag_at_start_ + max;
}

bool Subscriber::reads_on() {
    const int unsent = bytes_in_kernel();
    if (unsent >= unsent_) return false;
    unsent_ = unsent;
    since_ = Clock::now();
    return true;
}

void Subscriber::watch_for_close() {
    socket_.async_wait_readable([self = shared_from_this()](error_code error) {
        if (!error && !self->ended_) self->on_readable();
    });
}

/// A subscriber has nothing more to say: what it sends is thrown away, until it closes.
void Subscriber::on_readable() {
    std::array<char, 512> sink{};
    error_code error;
    const std::size_t size = socket_.read_some(asio::buffer(sink), error);
    const bool goes_on = error == asio::error::would_block || (!error && size > 0);
    if (!goes_on) return end(EndReason::ClientClosed);
    watch_for_close();
    if (socket_.has_unsent()) pump();  // what the session itself had to answer
}

std::optional<Subscriber::Clock::time_point> Subscriber::turn_since() const {
    return reading_ && reading_->has_turn() ? std::optional(reading_->turn_since()) : std::nullopt;
}

void Subscriber::read_on() {
    reading_->read_on({.request = {.endpoint = endpoint(),
                                   .from = next_,
                                   .to = shard_.ring().first_id(),
                                   .max_events = kPageEvents,
                                   .max_bytes = kPageBytes},
                       .form = {.filter = lane_->key().filter,
                                .compressed = body_.compressed(),
                                .cut = partial_,
                                .offset = offset_},
                       .complete_from = complete_from_});
}

/// A full socket holds nothing of the log; when it takes more, the subscriber asks again.
void Subscriber::go_on() {
    blocked_ ? reading_->yield_turn() : pump();
}

void Subscriber::cannot_read(const base::Error& error) {
    shard_.complain_of_reading(error);
}

}  // namespace stream
