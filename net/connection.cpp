#include "net/connection.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

namespace net {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kLingerTime{1};

Request to_request(const http::request<http::string_body>& message, const std::string& peer) {
    Request request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    request.version = message.version();
    request.body = message.body();
    request.peer = peer;
    for (const auto& field : message) {
        request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    return request;
}

std::string address_of(const asio::ip::tcp::socket& socket) {
    error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    return error ? std::string{} : endpoint.address().to_string();
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, const HttpServerOptions& options, const Handler& handler,
                       std::size_t worker)
    : stream_(std::move(socket)),
      options_(options),
      handler_(handler),
      worker_(worker),
      peer_(address_of(stream_.socket())) {}

void Connection::close() {
    closed_ = true;
    stream_.close();
}

asio::awaitable<void> Connection::run() {
    error_code ignored;
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);

    while (!closed_) {
        auto request = co_await read_request();
        if (!request) co_return;

        stream_.expires_never();
        Answer answer = co_await handler_(*request, worker_);
        if (closed_) co_return;
        if (auto* takeover = std::get_if<Takeover>(&answer)) {
            (*takeover)(stream_.release_socket());
            co_return;
        }
        const bool go_on = co_await write(*request, std::move(std::get<Response>(answer)));
        if (!go_on) break;
    }
    co_await linger();
}

asio::awaitable<std::optional<Request>> Connection::read_request() {
    http::request_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.max_header_bytes));
    parser.body_limit(options_.max_body_bytes);
    stream_.expires_after(options_.header_timeout);

    const auto [error, size] = co_await http::async_read(stream_, buffer_, parser, kAsTuple);
    if (!error) {
        keep_alive_ = parser.get().keep_alive();
        co_return to_request(parser.get(), peer_);
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        co_await refuse(431, "the request's headers are too large");
    } else if (error == http::error::body_limit) {
        co_await refuse(413, "the request's body is too large");
    } else if (error.category() == make_error_code(http::error::bad_method).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
        co_await refuse(400, "the request is not valid HTTP");
    }
    co_return std::nullopt;
}

asio::awaitable<bool> Connection::write(const Request& request, Response response) {
    const bool has_no_content = response.status == 204 || response.status == 304;
    if (!response.endless && !has_no_content) {
        response.headers.emplace_back("content-length", fmt::to_string(response.body.size()));
    }
    if (!keep_alive_) {
        response.headers.emplace_back("connection", "close");
    } else if (request.version == 10) {
        response.headers.emplace_back("connection", "keep-alive");
    }
    std::string bytes = serialize_head(request.version, response.status, response.headers);
    if (request.method != "HEAD" && !has_no_content) bytes += response.body;
    const bool written = co_await write_all(bytes);
    co_return written&& keep_alive_;
}

asio::awaitable<bool> Connection::write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        stream_.expires_after(options_.write_timeout);
        const auto buffer = asio::buffer(bytes);
        const auto [error, size] = co_await stream_.async_write_some(buffer, kAsTuple);
        if (error) co_return false;
        bytes.remove_prefix(size);
    }
    co_return true;
}

asio::awaitable<void> Connection::refuse(unsigned status, std::string_view why) {
    Response response = text_response(status, fmt::format("{}\n", why));
    response.headers.emplace_back("content-length", fmt::to_string(response.body.size()));
    response.headers.emplace_back("connection", "close");
    const std::string bytes = serialize_head(11, status, response.headers) + response.body;
    const bool written = co_await write_all(bytes);
    if (written) co_await linger();
}

/// A socket closed over unread bytes resets the connection, and the client may lose the answer (RFC
/// 9112, 9.6).
asio::awaitable<void> Connection::linger() {
    if (closed_) co_return;
    error_code ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    stream_.expires_after(kLingerTime);
    std::array<char, 2048> sink{};
    for (;;) {
        const auto buffer = asio::buffer(sink);
        const auto [error, size] = co_await stream_.async_read_some(buffer, kAsTuple);
        if (error) co_return;
    }
}

}  // namespace net
