#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "net/http_message.h"

namespace net {

struct HttpServerOptions {
    std::string name;  ///< for logs and metrics, for instance "event_stream_server"
    std::string bind_address = "0.0.0.0";
    std::uint16_t port = 0;  ///< 0: any free one, see HttpServer::port()
    std::size_t max_header_bytes = 16 * 1024;
    std::size_t max_body_bytes = 64 * 1024;
    std::chrono::seconds header_timeout{10};  ///< for a request to arrive whole, the next of a connection too
    std::chrono::seconds write_timeout{60};
};

/// Takes the connection over for good; the server forgets it. Called on the connection's own thread.
using Takeover = std::function<void(boost::asio::ip::tcp::socket socket)>;
using Answer = std::variant<Response, Takeover>;

/// Answers one request; runs on the thread of the `worker`-th io_context, which also runs the connection.
using Handler = std::function<boost::asio::awaitable<Answer>(Request request, std::size_t worker)>;

/// An HTTP/1.0 and HTTP/1.1 server (RFC 9112) with keep-alive: reads requests within limits of size and time,
/// asks the handler, writes its answers. HEAD gets the answer's head only. A malformed request gets 400, one
/// too large 431 or 413. Connections are handed to the workers in turn. When file descriptors run out,
/// accepting pauses, counted and logged, and goes on when some are free.
class HttpServer {
  public:
    /// Opens the port at once; an error names the port and the remedy. Each worker is an io_context that one
    /// thread runs; accepting happens on the first.
    [[nodiscard]] static base::Result<std::shared_ptr<HttpServer>> open(
        HttpServerOptions options, std::vector<boost::asio::io_context*> workers, Handler handler,
        base::Log log, base::Metrics& metrics);

    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    void start();

    /// Ends accepting and every connection that is not taken over. Any thread; takes effect soon after.
    void stop();

    [[nodiscard]] std::uint16_t port() const;

  private:
    class Impl;
    explicit HttpServer(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace net
