#include "sim/subscriber.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <charconv>

#include "base/as_tuple.h"

namespace sim {
namespace {

namespace asio = boost::asio;

// Small events are copied together: one write of 64 KB costs far less than many gathered pieces.
constexpr std::size_t kBatchBytes = 64 * 1024;
constexpr std::size_t kLargePayload = 32 * 1024;

constexpr std::string_view kDataField = "data:";
constexpr std::string_view kKeepAlive = ":\n\n";

void append_number(std::string& out, std::uint64_t number, int base) {
    std::array<char, 24> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
    out.append(digits.data(), end);
}

std::string id_field(std::uint32_t id) {
    std::string out = "\nid:";
    append_number(out, id, 10);
    return out += "\n\n";
}

}  // namespace

Subscriber::Subscriber(tls::Socket socket, std::shared_ptr<const Feed> feed, base::Filter filter)
    : socket_(std::move(socket)), timer_(socket_.get_executor()), feed_(std::move(feed)), filter_(filter) {}

void Subscriber::start(const net::Request& request, std::uint64_t position,
                       std::function<void(const Subscriber*)> ended) {
    ended_ = std::move(ended);
    position_ = position;
    chunked_ = request.version >= 11 && !feed_->until_close;
    boost::system::error_code ignored;
    socket_.tcp().set_option(asio::ip::tcp::no_delay(true), ignored);

    net::Headers headers{{"content-type", "text/event-stream"}, {"cache-control", "no-cache"}};
    headers.emplace_back(chunked_ ? "transfer-encoding" : "connection", chunked_ ? "chunked" : "close");
    greeting_ = net::serialize_head(request.version, 200, headers);
    add_frame(feed_->api_version_frame());
    greeting_ += std::exchange(out_, {});

    asio::co_spawn(socket_.get_executor(), run(shared_from_this()), asio::detached);
    asio::co_spawn(socket_.get_executor(), watch(shared_from_this()), asio::detached);
}

void Subscriber::wake() {
    if (!waiting_) return;
    waiting_ = false;
    timer_.cancel();
}

void Subscriber::send_aside(std::string bytes) {
    asides_.push_back({feed_->buffer.end_position(), std::move(bytes)});
    wake();
}

void Subscriber::close(bool reset) {
    if (reset) {
        boost::system::error_code ignored;
        socket_.tcp().set_option(asio::socket_base::linger(true, 0), ignored);
    }
    closing_ = true;
    shut();
    wake();
}

void Subscriber::finish() {
    finish_at_ = feed_->buffer.end_position();
    wake();
}

void Subscriber::cut_next() {
    cut_next_ = true;
}

bool Subscriber::drained() const {
    return !writing_ && asides_.empty() && greeting_.empty() && position_ == feed_->buffer.end_position();
}

asio::awaitable<void> Subscriber::run(std::shared_ptr<Subscriber> self) {
    while (!self->closing_) {
        self->fill();
        const bool nothing = self->out_.empty() && !self->large_;
        if (nothing && (self->finish_at_ || self->closing_)) break;
        if (nothing) {
            co_await self->wait();
            continue;
        }
        const bool written = co_await self->write();
        if (!written) break;
    }
    self->closing_ = true;
    self->shut();
    self->ended_(self.get());
}

// A subscriber says nothing: what can be read is only the end of its connection.
asio::awaitable<void> Subscriber::watch(std::shared_ptr<Subscriber> self) {
    std::array<char, 256> discarded{};
    while (!self->closing_) {
        const auto buffer = asio::buffer(discarded);
        const auto [error, size] = co_await self->socket_.async_read_some(buffer, base::kAsTuple);
        if (error) break;
    }
    self->close(false);
}

asio::awaitable<void> Subscriber::wait() {
    waiting_ = true;
    timer_.expires_after(feed_->keep_alive);
    const auto [error] = co_await timer_.async_wait(base::kAsTuple);
    waiting_ = false;
    keep_alive_due_ = !error;
}

asio::awaitable<bool> Subscriber::write() {
    const std::array<asio::const_buffer, 3> buffers{
        asio::buffer(out_), large_ ? asio::buffer(large_->payload) : asio::const_buffer{},
        asio::buffer(tail_)};
    writing_ = true;
    const auto [error, size] = co_await asio::async_write(socket_, buffers, base::kAsTuple);
    writing_ = false;
    co_return !error;
}

void Subscriber::fill() {
    out_.clear();
    tail_.clear();
    large_.reset();
    const bool keep_alive_due = std::exchange(keep_alive_due_, false);
    if (feed_->is_silent(filter_)) return;

    out_ = std::exchange(greeting_, {});
    const auto& buffer = feed_->buffer;
    // What has fallen out since it went to wait may all have been others'.
    if (buffer.end_of(filter_) <= position_) position_ = std::max(position_, buffer.begin_position());
    if (position_ < buffer.begin_position()) {
        closing_ = true;  // it fell behind: what it needs is gone
        out_.clear();
        return;
    }
    while (position_ < end_position() && out_.size() < kBatchBytes && !large_ && !closing_) {
        add_asides();
        add_event(position_++);
    }
    if (position_ == end_position()) add_asides();
    if (keep_alive_due && out_.empty() && !large_) add_frame(kKeepAlive);
}

std::uint64_t Subscriber::end_position() const {
    return finish_at_.value_or(feed_->buffer.end_position());
}

void Subscriber::add_asides() {
    while (!asides_.empty() && asides_.front().position <= position_) {
        add_frame(asides_.front().bytes);
        asides_.pop_front();
    }
}

void Subscriber::add_event(std::uint64_t position) {
    const auto& entry = feed_->buffer.at(position);
    if (entry.filter != filter_) return;
    const auto& payload = entry.event->payload;
    const auto id = id_field(feed_->buffer.id_at(position));

    if (chunked_) {
        append_number(out_, kDataField.size() + payload.size() + id.size(), 16);
        out_ += "\r\n";
    }
    out_ += kDataField;
    if (cut_next_) {
        out_.append(payload, 0, payload.size() / 2);
        closing_ = true;
        return;
    }
    const std::string_view end_of_chunk = chunked_ ? "\r\n" : "";
    if (payload.size() >= kLargePayload) {
        large_ = entry.event;
        tail_.append(id).append(end_of_chunk);
        return;
    }
    out_.append(payload).append(id).append(end_of_chunk);
}

void Subscriber::add_frame(std::string_view bytes) {
    if (!chunked_) {
        out_ += bytes;
        return;
    }
    append_number(out_, bytes.size(), 16);
    out_.append("\r\n").append(bytes).append("\r\n");
}

void Subscriber::shut() {
    socket_.close();
}

}  // namespace sim
