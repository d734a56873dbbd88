#include "net/connection.h"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <iterator>
#include <poll.h>

#include "base/as_tuple.h"
#include "net/request_parser.h"

namespace net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds kLingerTime{1};
constexpr std::size_t kReadSize = 4096;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

std::string address_of(const asio::ip::tcp::socket& socket) {
    error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    return error ? std::string{} : endpoint.address().to_string();
}

bool has_no_content(unsigned status) {
    return status < 200 || status == 204 || status == 304;
}

/// The client sends nothing more, as one that went away.
bool has_ended(int descriptor) {
    pollfd look{descriptor, POLLRDHUP, 0};
    return ::poll(&look, 1, 0) > 0;
}

void remove_prefix(std::span<asio::const_buffer>& buffers, std::size_t size) {
    while (!buffers.empty() && size >= buffers.front().size()) {
        size -= buffers.front().size();
        buffers = buffers.subspan(1);
    }
    if (!buffers.empty()) buffers.front() += size;
}

asio::const_buffer buffer_of(std::string_view bytes) {
    return {bytes.data(), bytes.size()};
}

}  // namespace

Connection::Connection(tls::Socket socket, const Service& service, std::size_t worker)
    : stream_(std::move(socket)),
      service_(service),
      options_(service.options),
      worker_(worker),
      peer_(address_of(stream_.tcp())) {
    error_code ignored;
    stream_.tcp().set_option(asio::ip::tcp::no_delay(true), ignored);
    stream_.tcp().non_blocking(true, ignored);
    enter(Stage::Idle, options_.header_timeout);
}

void Connection::close() {
    closed_ = true;
    stream_.close();
    if (stage_ == Stage::Answering) departure_.emit(asio::cancellation_type::terminal);
}

void Connection::enter(Stage stage, std::chrono::milliseconds limit) {
    stage_ = stage;
    since_ = Clock::now();
    deadline_ = since_ + limit;
}

void Connection::look(Clock::time_point now) {
    if (closed_ || gone_ || stage_ == Stage::Producing) return;
    error_code ignored;
    if (stage_ == Stage::Answering) {
        if (!has_ended(stream_.tcp().native_handle())) return;
        gone_ = true;
        departure_.emit(asio::cancellation_type::terminal);
    } else if (now >= deadline_) {
        expired_ = true;
        stream_.tcp().cancel(ignored);
    }
}

std::optional<Connection::Clock::time_point> Connection::idle_since() const {
    if (stage_ != Stage::Idle || closed_) return std::nullopt;
    return since_;
}

asio::awaitable<error_code> Connection::handshake() {
    auto error = co_await stream_.handshake();
    if (error && expired_) error = asio::error::timed_out;
    co_return error;
}

asio::awaitable<void> Connection::run(HttpDate& date) {
    date_ = &date;
    while (!closed_) {
        auto request = co_await read_request();
        if (!request) co_return;

        stage_ = Stage::Answering;
        auto asked = ask(std::move(*request));
        Answer answer = co_await std::move(asked);
        if (closed_ || gone_) co_return;
        if (auto* takeover = std::get_if<Takeover>(&answer)) {
            error_code ignored;
            stream_.tcp().non_blocking(false, ignored);
            (*takeover)(std::move(stream_));
            co_return;
        }
        const bool written = co_await write(std::get<Response>(answer));
        if (!written) co_return;
        if (!exchange_.keep_alive) break;
        enter(Stage::Idle, options_.idle_timeout);
    }
    co_await linger();
}

asio::awaitable<void> Connection::turn_away(HttpDate& date) {
    date_ = &date;
    const Refusal refusal{
        503, "the server has too many connections; try again later", {{"retry-after", "1"}}};
    const Request unread;
    co_await refuse(refusal, unread);
}

asio::awaitable<std::optional<Request>> Connection::read_request() {
    RequestParser parser({options_.max_target_bytes, options_.max_header_bytes, options_.max_body_bytes});
    for (;;) {
        const asio::const_buffer unread = buffer_.cdata();
        buffer_.consume(parser.take({static_cast<const char*>(unread.data()), unread.size()}));
        if (parser.stage() == RequestParser::Stage::Done) break;
        if (parser.stage() == RequestParser::Stage::Refused) {
            co_await refuse(parser.refusal(), parser.request());
            co_return std::nullopt;
        }
        if (parser.stage() == RequestParser::Stage::InBody && stage_ != Stage::ReadingBody) {
            enter(Stage::ReadingBody, options_.body_timeout);
            std::array<asio::const_buffer, 1> interim{buffer_of(kContinue)};
            const bool go_on = !parser.expects_continue() || co_await write_all(interim);
            if (!go_on) co_return std::nullopt;
        } else if (stage_ == Stage::Idle && buffer_.size() > 0) {
            enter(Stage::ReadingHead, options_.header_timeout);
        }

        const asio::mutable_buffer room = buffer_.prepare(kReadSize);
        const auto [error, size] = co_await stream_.async_read_some(room, base::kAsTuple);
        if (error && expired_ && stage_ != Stage::Idle) {
            expired_ = false;
            const Refusal refusal{408, "the request did not arrive in time", {}};
            co_await refuse(refusal, parser.request());
        }
        if (error) co_return std::nullopt;
        buffer_.commit(size);
    }
    Request request = std::move(parser.request());
    request.peer = peer_;
    exchange_ = {request.version, request.method == "HEAD", parser.wants_keep_alive()};
    co_return request;
}

/// The handler's answer, or one to its failure.
asio::awaitable<Answer> Connection::ask(Request request) {
    std::string failure;
    try {
        auto answer = service_.handler(std::move(request), worker_);
        co_return co_await std::move(answer);
    } catch (const std::exception& error) {
        failure = error.what();
    }
    if (gone_ || closed_) {
        Response unread{.status = 500, .headers = {}, .body = {}};
        co_return unread;
    }
    service_.log->error("[{}] a request failed: {}", options_.name, failure);
    const Refusal refusal{500, "internal error; the server's log has the cause", {}};
    const Request moved_on;
    co_return options_.refuse(refusal, moved_on);
}

asio::awaitable<bool> Connection::write(const Response& response) {
    write_head(response);
    const bool without_body = exchange_.head_only || has_no_content(response.status);
    const auto* streamed = std::get_if<StreamedBody>(&response.body);
    if (streamed != nullptr && !without_body) co_return co_await write_pieces(*streamed);

    const std::string_view body = without_body ? std::string_view{} : bytes_of(response.body);
    std::array<asio::const_buffer, 2> buffers{buffer_of(head_), buffer_of(body)};
    co_return co_await write_all(buffers);
}

/// Of head_: the status line and all headers.
void Connection::write_head(const Response& response) {
    const bool streamed = std::holds_alternative<StreamedBody>(response.body);
    const bool chunked = streamed && exchange_.version >= 11;
    if (streamed && !chunked) exchange_.keep_alive = false;

    head_.clear();
    append_head(head_, exchange_.version, response.status, response.headers);
    head_.append("date: ").append(date_->at(std::chrono::system_clock::now())).append("\r\n");
    if (chunked) {
        head_ += "transfer-encoding: chunked\r\n";
    } else if (!streamed && !response.endless && !has_no_content(response.status)) {
        head_ += "content-length: ";
        append_number(head_, bytes_of(response.body).size());
        head_ += "\r\n";
    }
    if (!exchange_.keep_alive) {
        head_ += "connection: close\r\n";
    } else if (exchange_.version == 10) {
        head_ += "connection: keep-alive\r\n";
    }
    head_ += "\r\n";
}

/// The head goes out with the first piece.
asio::awaitable<bool> Connection::write_pieces(const StreamedBody& body) {
    const bool chunked = exchange_.version >= 11;
    for (bool more = true; more;) {
        stage_ = Stage::Producing;
        auto next = body.next();
        const base::Result<SharedBody> piece = co_await std::move(next);
        if (closed_) co_return false;
        if (!piece) {
            service_.log->warn("[{}] an answer was cut off: {}", options_.name, piece.error().message);
            co_return false;
        }
        more = !piece->bytes.empty();
        if (chunked && more) fmt::format_to(std::back_inserter(head_), "{:x}\r\n", piece->bytes.size());
        const std::string_view end = !chunked ? "" : more ? "\r\n" : kLastChunk;
        std::array<asio::const_buffer, 3> buffers{buffer_of(head_), buffer_of(piece->bytes), buffer_of(end)};
        const bool written = co_await write_all(buffers);
        if (!written) co_return false;
        head_.clear();
        // Otherwise a client that takes all at once would have the thread for itself.
        co_await asio::post(stream_.get_executor(), asio::use_awaitable);
    }
    co_return true;
}

asio::awaitable<bool> Connection::write_all(std::span<asio::const_buffer> buffers) {
    error_code refused;
    remove_prefix(buffers, stream_.write_some(buffers, refused));
    while (!buffers.empty() || stream_.has_unsent()) {
        enter(Stage::Writing, options_.write_timeout);
        const auto [error, size] = co_await stream_.async_write_some(buffers, base::kAsTuple);
        if (error) co_return false;
        remove_prefix(buffers, size);
    }
    co_return true;
}

/// An answer without a request that could be served; the last of its connection.
asio::awaitable<void> Connection::refuse(const Refusal& refusal, const Request& request) {
    exchange_ = {request.version, request.method == "HEAD", false};
    const Response response = options_.refuse(refusal, request);
    const bool written = co_await write(response);
    if (written) co_await linger();
}

/// A socket closed over unread bytes resets the connection, and the client may lose the answer (RFC
/// 9112, 9.6).
asio::awaitable<void> Connection::linger() {
    if (closed_) co_return;
    enter(Stage::Lingering, kLingerTime);
    co_await stream_.end_writing();
    std::array<char, 2048> sink;  // NOLINT: never read
    for (;;) {
        const auto buffer = asio::buffer(sink);
        const auto [error, size] = co_await stream_.async_read_some(buffer, base::kAsTuple);
        if (error) co_return;
    }
}

}  // namespace net
