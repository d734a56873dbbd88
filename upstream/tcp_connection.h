#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tls/client_context.h"
#include "tls/socket.h"
#include "upstream/signal.h"

namespace upstream {

/// Where a server is: an IPv4 or IPv6 literal (brackets around the latter are accepted) or a host name, and a
/// port.
struct Address {
    std::string host;
    std::uint16_t port = 0;

    /// Without brackets.
    [[nodiscard]] std::string_view bare_host() const;
    /// As a URL or Host header has it, an IPv6 literal in brackets and without its zone.
    [[nodiscard]] std::string authority() const;
};

/// A client's TCP socket, with TLS over it if wanted, and a deadline that covers several operations. One
/// thread; held by shared_ptr.
class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
  public:
    using Clock = std::chrono::steady_clock;
    using Tcp = boost::asio::ip::tcp;

    /// `tls`: none for a plain connection.
    explicit TcpConnection(const boost::asio::any_io_executor& executor,
                           std::shared_ptr<const tls::ClientContext> tls = {});

    /// Looks the name up, tries each of its addresses in turn until one answers, and makes the TLS
    /// handshake, all of it before the deadline: each address gets an equal share of the time that is left.
    /// Sets TCP_NODELAY and SO_KEEPALIVE.
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> connect(Address address,
                                                                     Clock::time_point deadline);

    /// From now on what is under way at `deadline` is cut off and timed_out() is true.
    void set_deadline(Clock::time_point deadline);
    void clear_deadline();
    [[nodiscard]] bool timed_out() const { return timed_out_; }

    /// Cuts off what is under way, for good.
    void close();
    [[nodiscard]] bool closed() const { return closed_; }

    /// To read from and write to.
    [[nodiscard]] tls::Socket& socket() { return socket_; }

  private:
    using Endpoints = std::vector<Tcp::endpoint>;
    struct Lookup;

    [[nodiscard]] boost::asio::awaitable<base::Result<Endpoints>> resolve(const Address& address,
                                                                          Clock::time_point deadline);
    [[nodiscard]] boost::asio::awaitable<boost::system::error_code> connect_to(Tcp::endpoint endpoint,
                                                                               Clock::time_point deadline);
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> encrypt(const Address& address,
                                                                     Clock::time_point deadline);

    boost::asio::any_io_executor executor_;
    const std::shared_ptr<const tls::ClientContext> tls_;
    tls::Socket socket_;
    boost::asio::steady_timer deadline_;
    std::uint64_t deadline_number_ = 0;
    std::shared_ptr<Lookup> lookup_;
    bool timed_out_ = false;
    bool closed_ = false;
};

}  // namespace upstream
