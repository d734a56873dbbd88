#include "upstream/event_stream.h"

#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>

#include "base/as_tuple.h"

namespace upstream {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t kBodyBuffer = 64 * 1024;
constexpr std::size_t kReceiveBuffer = 64 * 1024;
constexpr std::string_view kEventStreamType = "text/event-stream";

bool is_event_stream(std::string_view content_type) {
    auto type = content_type.substr(0, content_type.find(';'));
    while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
    return boost::beast::iequals(type, kEventStreamType);
}

}  // namespace

EventStream::EventStream(const asio::any_io_executor& executor, std::shared_ptr<const tls::ClientContext> tls)
    : connection_(std::make_shared<TcpConnection>(executor, std::move(tls))), body_(kBodyBuffer) {}

asio::awaitable<base::Result<void>> EventStream::open(Address address, base::Filter filter,
                                                      std::uint32_t start_from,
                                                      std::chrono::milliseconds timeout) {
    const auto deadline = TcpConnection::Clock::now() + timeout;
    auto connected = co_await connection_->connect(address, deadline);
    if (!connected) co_return connected;

    connection_->set_deadline(deadline);
    const auto target = fmt::format("/{}?start_from={}", base::filter_name(filter), start_from);
    auto answered = co_await exchange_heads(address, target);
    connection_->clear_deadline();
    co_return answered;
}

asio::awaitable<base::Result<void>> EventStream::exchange_heads(const Address& address,
                                                                const std::string& target) {
    http::request<http::empty_body> request(http::verb::get, target, 11);
    request.set(http::field::host, address.authority());
    request.set(http::field::accept, kEventStreamType);
    request.set(http::field::cache_control, "no-cache");
    const auto [write_error, written] =
        co_await http::async_write(connection_->socket(), request, base::kAsTuple);
    if (write_error) co_return ended(write_error);

    parser_.emplace();
    parser_->body_limit(boost::none);
    const auto [error, read] =
        co_await http::async_read_header(connection_->socket(), received_, *parser_, base::kAsTuple);
    if (error) co_return ended(error);
    co_return check_head();
}

base::Result<void> EventStream::check_head() const {
    const auto& head = parser_->get();
    if (head.result() != http::status::ok) {
        return base::unavailable(fmt::format("HTTP status {} instead of 200", head.result_int()));
    }
    const std::string_view type = head[http::field::content_type];
    if (!is_event_stream(type)) {
        return base::unavailable(
            fmt::format("content type \"{}\" instead of \"{}\"", type, kEventStreamType));
    }
    return {};
}

asio::awaitable<base::Result<std::string_view>> EventStream::read() {
    for (;;) {
        const auto parsed = parse_received();
        if (parsed.bytes > 0) co_return std::string_view(body_.data(), parsed.bytes);
        if (parsed.error) co_return ended(parsed.error);
        if (parser_->is_done()) co_return ended(http::error::end_of_stream);

        const auto room = received_.prepare(kReceiveBuffer);
        const auto [error, count] = co_await connection_->socket().async_read_some(room, base::kAsTuple);
        if (error) co_return ended(error);
        received_.commit(count);
    }
}

/// Beast's own read operations would wait for the head of the next chunk before they give the body of this
/// one away, or give one chunk at a time; so the parser is driven by hand, through all that has been
/// received.
EventStream::Parsed EventStream::parse_received() {
    auto& body = parser_->get().body();
    body.data = body_.data();
    body.size = body_.size();
    body.more = true;
    error_code error;
    while (received_.size() > 0 && body.size > 0 && !parser_->is_done() && !error) {
        const auto used = parser_->put(received_.data(), error);
        received_.consume(used);
        if (used == 0) break;
    }
    const bool wants_more = error == http::error::need_more || error == http::error::need_buffer;
    return {.bytes = body_.size() - body.size, .error = wants_more ? error_code{} : error};
}

base::Error EventStream::ended(const error_code& error) const {
    if (connection_->timed_out()) return base::unavailable("no answer in time");
    if (error == asio::error::eof || error == http::error::end_of_stream ||
        error == asio::ssl::error::stream_truncated || error == http::error::partial_message) {
        return base::unavailable("the node ended the stream");
    }
    return base::unavailable(error.message());
}

}  // namespace upstream
