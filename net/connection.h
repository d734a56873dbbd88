#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <optional>

#include "net/http_server.h"

namespace net {

/// One client's connection: reads its requests one after the other and writes the handler's answers. Lives in
/// the coroutine that runs it; that thread only.
class Connection {
  public:
    Connection(boost::asio::ip::tcp::socket socket, const HttpServerOptions& options, const Handler& handler,
               std::size_t worker);

    /// Ends when the client goes, a limit is passed, the connection is taken over, or close() was called.
    [[nodiscard]] boost::asio::awaitable<void> run();

    void close();

  private:
    /// The next request, or nothing when the connection is to end (an error's answer is then already
    /// written).
    [[nodiscard]] boost::asio::awaitable<std::optional<Request>> read_request();
    [[nodiscard]] boost::asio::awaitable<bool> write(const Request& request, Response response);
    [[nodiscard]] boost::asio::awaitable<bool> write_all(std::string_view bytes);
    [[nodiscard]] boost::asio::awaitable<void> refuse(unsigned status, std::string_view why);
    [[nodiscard]] boost::asio::awaitable<void> linger();

    boost::beast::tcp_stream stream_;
    boost::beast::flat_buffer buffer_;
    const HttpServerOptions& options_;
    const Handler& handler_;
    std::size_t worker_;
    std::string peer_;
    bool keep_alive_ = true;
    bool closed_ = false;
};

}  // namespace net
