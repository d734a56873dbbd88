#include "upstream/tcp_connection.h"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <utility>

#include "base/as_tuple.h"

namespace upstream {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::string_view Address::bare_host() const {
    const std::string_view text = host;
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']') return text.substr(1, text.size() - 2);
    return text;
}

std::string Address::authority() const {
    const auto bare = bare_host();
    if (bare.find(':') == std::string_view::npos) return fmt::format("{}:{}", bare, port);
    return fmt::format("[{}]:{}", bare.substr(0, bare.find('%')), port);
}

/// A name being looked up. The system's resolver cannot be interrupted, so the waiting coroutine leaves it
/// behind when its time is up.
struct TcpConnection::Lookup {
    explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), done(executor) {}
    tcp::resolver resolver;
    Signal done;
    bool has_answer = false;
    error_code error;
    Endpoints endpoints;
};

TcpConnection::TcpConnection(const asio::any_io_executor& executor,
                             std::shared_ptr<const tls::ClientContext> tls)
    : executor_(executor), tls_(std::move(tls)), socket_(tcp::socket(executor)), deadline_(executor) {}

asio::awaitable<base::Result<void>> TcpConnection::connect(Address address, Clock::time_point deadline) {
    auto endpoints = co_await resolve(address, deadline);
    if (!endpoints) co_return endpoints.error();

    error_code last_error = asio::error::host_not_found;
    auto left = endpoints->size();
    for (const auto& endpoint : *endpoints) {
        const auto now = Clock::now();
        const auto share = (deadline - now) / static_cast<int>(left);
        --left;
        last_error = co_await connect_to(endpoint, now + share);
        if (closed_) co_return base::unavailable("closed");
        if (!last_error) break;
    }
    base::Result<void> result;
    if (last_error) {
        result = base::unavailable(fmt::format("cannot connect to {}: {}", address.authority(),
                                               timed_out_ ? "no answer in time" : last_error.message()));
    } else if (tls_) {
        result = co_await encrypt(address, deadline);
    }
    co_return result;
}

asio::awaitable<base::Result<void>> TcpConnection::encrypt(const Address& address,
                                                           Clock::time_point deadline) {
    set_deadline(deadline);
    socket_.encrypt(tls_->new_session(address.bare_host()));
    const auto error = co_await socket_.handshake();
    clear_deadline();
    base::Result<void> result;
    if (closed_) {
        result = base::unavailable("closed");
    } else if (error) {
        result = base::unavailable(fmt::format("cannot connect to {} over TLS: {}", address.authority(),
                                               timed_out_ ? "no answer in time" : socket_.explain(error)));
    }
    co_return result;
}

asio::awaitable<base::Result<TcpConnection::Endpoints>> TcpConnection::resolve(const Address& address,
                                                                               Clock::time_point deadline) {
    error_code not_a_literal;
    const auto literal = asio::ip::make_address(address.bare_host(), not_a_literal);
    if (!not_a_literal) co_return Endpoints{tcp::endpoint(literal, address.port)};

    lookup_ = std::make_shared<Lookup>(executor_);
    auto on_answer = [lookup = lookup_](error_code error, const tcp::resolver::results_type& results) {
        lookup->has_answer = true;
        lookup->error = error;
        for (const auto& entry : results) lookup->endpoints.push_back(entry.endpoint());
        lookup->done.notify();
    };
    lookup_->resolver.async_resolve(std::string(address.bare_host()), std::to_string(address.port),
                                    std::move(on_answer));
    co_await lookup_->done.wait_until(deadline);

    const auto lookup = std::exchange(lookup_, nullptr);
    lookup->resolver.cancel();
    if (closed_) co_return base::unavailable("closed");
    if (!lookup->has_answer) {
        co_return base::unavailable(fmt::format("the name {} was not resolved in time", address.host));
    }
    if (lookup->error) {
        co_return base::unavailable(
            fmt::format("cannot resolve {}: {}", address.host, lookup->error.message()));
    }
    co_return std::move(lookup->endpoints);
}

asio::awaitable<error_code> TcpConnection::connect_to(tcp::endpoint endpoint, Clock::time_point deadline) {
    error_code error;
    auto& tcp = socket_.tcp();
    tcp.close(error);
    tcp.open(endpoint.protocol(), error);
    if (error) co_return error;

    set_deadline(deadline);
    std::tie(error) = co_await tcp.async_connect(endpoint, base::kAsTuple);
    const bool in_time = !timed_out_;
    clear_deadline();
    if (!in_time) co_return asio::error::timed_out;
    if (error) co_return error;

    error_code ignored;
    tcp.set_option(Tcp::no_delay(true), ignored);
    tcp.set_option(asio::socket_base::keep_alive(true), ignored);
    co_return error;
}

void TcpConnection::set_deadline(Clock::time_point deadline) {
    timed_out_ = false;
    const auto number = ++deadline_number_;
    deadline_.expires_at(deadline);
    deadline_.async_wait([weak = weak_from_this(), number](error_code error) {
        const auto self = weak.lock();
        // A deadline that was moved while its handler was on the way is none any more.
        if (error || !self || self->deadline_number_ != number) return;
        self->timed_out_ = true;
        self->socket_.close();
    });
}

void TcpConnection::clear_deadline() {
    ++deadline_number_;
    deadline_.cancel();
}

void TcpConnection::close() {
    closed_ = true;
    clear_deadline();
    socket_.close();
    if (lookup_) lookup_->done.notify();
}

}  // namespace upstream
