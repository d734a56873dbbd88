#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
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
#include "tls/socket.h"

namespace tls {
class ServerContext;
}

namespace net {

struct HttpServerOptions {
    std::string name;  ///< for logs and metrics, for instance "event_stream_server"
    std::string bind_address = "0.0.0.0";
    std::uint16_t port = 0;               ///< 0: any free one, see HttpServer::port()
    std::size_t max_target_bytes = 8000;  ///< the least that RFC 9110 (section 4.1) recommends; above: 414
    std::size_t max_header_bytes = 16 * 1024;
    std::size_t max_body_bytes = 64 * 1024;
    std::chrono::milliseconds header_timeout{10'000};  ///< from a request's first byte to its last header
    std::chrono::milliseconds body_timeout{10'000};    ///< from there to the end of its body
    std::chrono::milliseconds idle_timeout{60'000};    ///< between two requests of a connection
    std::chrono::milliseconds write_timeout{60'000};   ///< without the client taking anything
    /// Connections that are not taken over. 0: half of the files that the process may open.
    std::size_t max_connections = 0;
    RefusalWriter refuse = text_refusal;
    std::shared_ptr<tls::ServerContext> tls;  ///< none: plain HTTP
};

/// Takes the connection over for good; the server forgets it. Called on the connection's own thread.
using Takeover = std::function<void(tls::Socket socket)>;
using Answer = std::variant<Response, Takeover>;

/// What a handler returns that need not wait.
[[nodiscard]] boost::asio::awaitable<Answer> ready(Answer answer);

/// Answers one request; runs on the thread of the `worker`-th io_context, which also runs the connection.
/// When the client goes away meanwhile, or only closes its side, the coroutine is cancelled (terminal),
/// within a second or so: a timer that it waits for ends early, and its next co_await throws
/// operation_aborted. An exception is answered with 500 and logged.
using Handler = std::function<boost::asio::awaitable<Answer>(Request request, std::size_t worker)>;

/// An HTTP/1.0 and HTTP/1.1 server (RFC 9112) with keep-alive: reads requests within limits of size and time,
/// asks the handler, writes its answers, those of pipelined requests in order. HEAD gets the answer's head
/// only.
///
/// What it refuses itself, in the form of `refuse`: 400 (malformed), 408 (arrives too slowly), 413, 414, 431
/// (body, target, headers too large), 500 (the handler threw), 503 with Retry-After (`max_connections`). An
/// idle connection, also one that never sent anything, is closed without a word. Where a new connection
/// passes `max_connections`, the one of its worker that is idle longest is closed for it; only when none is
/// idle is the new one refused. Deadlines are looked at from time to time, so they may take a second, or a
/// quarter of the shortest, longer.
///
/// What it refuses itself is counted as a request to the route "other"; what the handler answers is for the
/// handler to count (HttpCounts).
///
/// With TLS, a client whose handshake fails, or takes longer than a head may, is closed and counted.
///
/// Connections are handed to the workers in turn. When file descriptors run out, accepting pauses, counted
/// and logged, and goes on when some are free.
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
