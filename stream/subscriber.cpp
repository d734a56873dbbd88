#include "stream/subscriber.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <linux/sockios.h>
#include <span>
#include <sys/ioctl.h>
#include <utility>

#include "stream/shard.h"

namespace stream {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds kReadRetryDelay{1};
constexpr std::size_t kPageEvents = 512;
constexpr std::size_t kPageBytes = std::size_t{1} << 20;

}  // namespace

std::string_view name_of(EndReason reason) {
    switch (reason) {
        case EndReason::ClientClosed:
            return "client_closed";
        case EndReason::WriteFailed:
            return "write_failed";
        case EndReason::WriteTimeout:
            return "write_timeout";
        case EndReason::Pruned:
            return "pruned";
        case EndReason::Stopped:
            return "stopped";
    }
    return "unknown";
}

void Subscriber::Gathered::add(std::string_view part) {
    buffers[count++] = asio::buffer(part);
    bytes += part.size();
}

Subscriber::Subscriber(Shard& shard, asio::ip::tcp::socket socket, const Subscription& subscription,
                       std::string greeting, Place place)
    : shard_(shard),
      socket_(std::move(socket)),
      endpoint_(subscription.endpoint),
      framing_(subscription.framing),
      next_(subscription.next),
      complete_from_(subscription.complete_from),
      odd_(std::move(greeting)),
      since_(Clock::now()),
      place_(std::move(place)) {
    if (next_ >= shard_.ring().first_id()) {
        use_ring();
    } else {
        use_log();
    }
}

void Subscriber::start() {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    watch_for_close();
    pump();
}

void Subscriber::pump() {
    if (blocked_ || ended_) return;
    for (std::size_t round = 0; round < kPumpRounds; ++round) {
        choose_source();
        prepare_odd();
        Gathered out;
        gather(out);
        if (out.count == 0) return finishing_ ? end(EndReason::Stopped) : rest();

        error_code error;
        const std::size_t sent = socket_.write_some(std::span(out.buffers.data(), out.count), error);
        if (error && error != asio::error::would_block) return end(EndReason::WriteFailed);
        since_ = Clock::now();
        if (error) return wait_until_writable();
        consume(sent);
        if (sent < out.bytes) return wait_until_writable();
    }
    shard_.mark_quiet(*this);
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->pump(); });
}

/// In the ring while it holds what is next; from the log when it does not; back when the log has caught up
/// with it.
void Subscriber::choose_source() {
    const Ring& ring = shard_.ring();
    if (source_ == Source::Ring) {
        if (position_ < ring.begin(endpoint_)) return use_log();
        while (offset_ == 0 && position_ < ring.end(endpoint_) &&
               ring.at(endpoint_, position_).id() < next_) {
            ++position_;
        }
        return;
    }
    if (page_at_ < page_.size() || offset_ > 0) return;
    next_ = std::max(next_, page_next_);
    if (next_ >= ring.first_id()) use_ring();
}

void Subscriber::use_ring() {
    source_ = Source::Ring;
    position_ = shard_.ring().find(endpoint_, next_);
    page_ = std::vector<FramePtr>();
    page_at_ = 0;
    turn_.reset();
}

void Subscriber::use_log() {
    source_ = Source::Log;
    page_ = std::vector<FramePtr>();
    page_at_ = 0;
    page_next_ = 0;
}

const Frame* Subscriber::peek(std::size_t ahead) const {
    if (source_ == Source::Log)
        return page_at_ + ahead < page_.size() ? page_[page_at_ + ahead].get() : nullptr;
    const Ring& ring = shard_.ring();
    return position_ + ahead < ring.end(endpoint_) ? &ring.at(endpoint_, position_ + ahead) : nullptr;
}

bool Subscriber::announces(const base::ApiVersion& version) const {
    return endpoint_ != base::Endpoint::Sidecar && version > version_;
}

/// What stands between two frames: a change of the version, or the end of the body.
void Subscriber::prepare_odd() {
    if (!odd_.empty() || offset_ > 0 || finishing_) return;
    const Frame* const frame = peek(0);
    if (draining_ && (frame == nullptr || source_ == Source::Log)) {
        finishing_ = true;
        odd_ = end_of_body(framing_);
        return;
    }
    if (frame == nullptr && source_ == Source::Log) return;
    const auto& version = frame != nullptr ? frame->version() : shard_.api_version();
    if (!announces(version)) return;
    version_ = version;
    odd_ = api_version_frame(version, framing_);
}

void Subscriber::gather(Gathered& out) const {
    if (!odd_.empty()) out.add(std::string_view(odd_).substr(odd_offset_));
    if (finishing_) return;
    const std::size_t most = draining_ && source_ == Source::Log ? (offset_ > 0 ? 1 : 0) : kMostBuffers;
    for (std::size_t ahead = 0; ahead < most && out.count < kMostBuffers; ++ahead) {
        const Frame* const frame = peek(ahead);
        if (frame == nullptr || announces(frame->version())) return;
        auto bytes = frame->wire(framing_);
        if (ahead == 0) bytes.remove_prefix(offset_);
        out.add(bytes);
    }
}

void Subscriber::consume(std::size_t bytes) {
    if (!odd_.empty()) {
        const std::size_t taken = std::min(bytes, odd_.size() - odd_offset_);
        odd_offset_ += taken;
        bytes -= taken;
        if (odd_offset_ < odd_.size()) return;
        odd_ = std::string();
        odd_offset_ = 0;
    }
    while (bytes > 0) {
        const Frame& frame = *peek(0);
        const std::size_t left = frame.wire(framing_).size() - offset_;
        if (bytes < left) {
            offset_ += bytes;
            partial_ = frame.id();
            return;
        }
        bytes -= left;
        offset_ = 0;
        next_ = frame.id() + 1;
        source_ == Source::Ring ? ++position_ : ++page_at_;
    }
}

void Subscriber::rest() {
    if (source_ == Source::Log) {
        read_on();
    } else {
        shard_.mark_caught_up(*this);
    }
    if (!ended_) shard_.mark_quiet(*this);
}

void Subscriber::send_keep_alive() {
    since_ = Clock::now();
    // Inside a frame that waits for the rest of its bytes, nothing else can be sent.
    if (odd_.empty() && offset_ == 0) odd_ = keep_alive_frame(framing_);
    shard_.mark_quiet(*this);
    pump();
}

void Subscriber::drain() {
    draining_ = true;
    pump();
}

void Subscriber::end(EndReason reason) {
    if (ended_) return;
    ended_ = true;
    ByTimeHook::unlink();
    ByLaneHook::unlink();
    turn_.reset();
    shard_.replays().forget(ticket_);
    page_ = std::vector<FramePtr>();
    retry_.reset();
    error_code ignored;
    if (reason == EndReason::WriteTimeout) {
        // What the client never read is not worth the kernel's memory.
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    } else {
        socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    }
    socket_.close(ignored);
    shard_.forget(*this, reason);
}

void Subscriber::wait_until_writable() {
    blocked_ = true;
    unsent_ = bytes_in_kernel();
    shard_.mark_blocked(*this);
    socket_.async_wait(asio::ip::tcp::socket::wait_write, [self = shared_from_this()](error_code error) {
        self->blocked_ = false;
        if (!error) self->pump();
    });
}

/// What the socket has taken and the client has not acknowledged.
int Subscriber::bytes_in_kernel() {
    int bytes = 0;
    return ::ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

bool Subscriber::reads_on() {
    const int unsent = bytes_in_kernel();
    if (unsent >= unsent_) return false;
    unsent_ = unsent;
    since_ = Clock::now();
    return true;
}

void Subscriber::watch_for_close() {
    socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](error_code error) {
        if (!error && !self->ended_) self->on_readable();
    });
}

/// A subscriber has nothing more to say: what it sends is thrown away, until it closes.
void Subscriber::on_readable() {
    std::array<char, 512> sink{};
    error_code error;
    const std::size_t size = socket_.read_some(asio::buffer(sink), error);
    if (error == asio::error::would_block || (!error && size > 0)) return watch_for_close();
    end(EndReason::ClientClosed);
}

void Subscriber::yield_turn() {
    turn_.reset();
    use_log();
}

/// Asks for a turn at the log, and with one for the next page.
void Subscriber::read_on() {
    if (asking_ || retry_) return;
    asking_ = true;
    auto& replays = shard_.replays();
    const auto executor = socket_.get_executor();
    // A page a turn: who reads slowly, or much, does not keep the others waiting.
    if (turn_ && !std::exchange(fresh_turn_, false) && offset_ == 0 && replays.wanted()) turn_.reset();
    if (!turn_) {
        ticket_ = replays.wait_for_turn([self = weak_from_this(), executor](Replays::TurnPtr turn) {
            asio::post(executor, [self, turn = std::move(turn)]() mutable {
                if (const auto subscriber = self.lock()) subscriber->on_turn(std::move(turn));
            });
        });
        return;
    }
    const storage::ReadRequest request{.endpoint = endpoint_,
                                       .from = next_,
                                       .to = shard_.ring().first_id(),
                                       .max_events = kPageEvents,
                                       .max_bytes = kPageBytes};
    replays.read(request, [self = weak_from_this(), executor](base::Result<ReplayPage> page) {
        asio::post(executor, [self, page = std::move(page)]() mutable {
            if (const auto subscriber = self.lock()) subscriber->on_page(std::move(page));
        });
    });
}

void Subscriber::on_turn(Replays::TurnPtr turn) {
    asking_ = false;
    if (ended_ || blocked_) return;  // when the socket takes more, it asks again
    turn_ = std::move(turn);
    turn_since_ = Clock::now();
    fresh_turn_ = true;
    pump();
}

void Subscriber::on_page(base::Result<ReplayPage> page) {
    asking_ = false;
    if (ended_) return;
    if (!page) return retry_later(page.error());
    if (!turn_) return pump();  // it was given away meanwhile: no page is held without one
    const bool frame_is_gone =
        offset_ > 0 && (page->frames.empty() || page->frames.front()->id() != partial_);
    if (frame_is_gone || was_overtaken(*page)) return end(EndReason::Pruned);
    page_ = std::move(page->frames);
    page_at_ = 0;
    page_next_ = page->next;
    pump();
}

/// Whether events were deleted before they could be read, of which the subscriber was not told.
bool Subscriber::was_overtaken(const ReplayPage& page) const {
    return std::max(page.from, complete_from_) < std::min(page.next, page.oldest);
}

void Subscriber::retry_later(const base::Error& error) {
    shard_.complain_of_reading(error);
    turn_.reset();
    retry_ = std::make_unique<asio::steady_timer>(socket_.get_executor(), kReadRetryDelay);
    retry_->async_wait([self = weak_from_this()](error_code cancelled) {
        const auto subscriber = self.lock();
        if (cancelled || !subscriber || subscriber->ended_) return;
        subscriber->retry_.reset();
        subscriber->pump();
    });
}

}  // namespace stream
