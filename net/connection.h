#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "net/http_date.h"
#include "net/http_server.h"
#include "tls/socket.h"

namespace net {

/// What all connections of a server have in common.
struct Service {
    HttpServerOptions options;
    Handler handler;
    base::Log log;
};

/// One client's connection: reads its requests one after the other and writes the handler's answers. Lives as
/// long as the coroutine that runs it; that thread only.
///
/// It has no timer of its own: setting one for each read and write would cost more than both. Its owner calls
/// look() from time to time.
class Connection {
  public:
    using Clock = std::chrono::steady_clock;

    Connection(tls::Socket socket, const Service& service, std::size_t worker);

    /// To be bound to the coroutine that runs this: cancels a handler whose client has gone.
    [[nodiscard]] boost::asio::cancellation_slot cancellation() { return departure_.slot(); }

    /// To be done first, within the time that a head may take; after an error, timed_out among them, the
    /// connection is of no use. Nothing to be done without TLS.
    [[nodiscard]] boost::asio::awaitable<boost::system::error_code> handshake();

    /// Ends when the client goes, a limit is passed, the connection is taken over, or close() was called.
    /// `date` is that of the worker.
    [[nodiscard]] boost::asio::awaitable<void> run(HttpDate& date);

    /// In place of run(), for a connection that is one too many.
    [[nodiscard]] boost::asio::awaitable<void> turn_away(HttpDate& date);

    void close();

    /// Ends what takes longer than it may, and notices a client that went away while its request is answered.
    void look(Clock::time_point now);

    /// Since when it waits for the first byte of a request; nothing while it does anything else.
    [[nodiscard]] std::optional<Clock::time_point> idle_since() const;

  private:
    enum class Stage : std::uint8_t {
        Idle,
        ReadingHead,
        ReadingBody,
        Answering,
        Producing,
        Writing,
        Lingering
    };

    /// What framing an answer needs to know of its request.
    struct Exchange {
        unsigned version = 11;
        bool head_only = false;
        bool keep_alive = false;
    };

    /// The next request, or nothing when the connection is to end (an error's answer is then already
    /// written).
    [[nodiscard]] boost::asio::awaitable<std::optional<Request>> read_request();
    [[nodiscard]] boost::asio::awaitable<Answer> ask(Request request);
    [[nodiscard]] boost::asio::awaitable<bool> write(const Response& response);
    [[nodiscard]] boost::asio::awaitable<bool> write_pieces(const StreamedBody& body);
    [[nodiscard]] boost::asio::awaitable<bool> write_all(std::span<boost::asio::const_buffer> buffers);
    [[nodiscard]] boost::asio::awaitable<void> refuse(const Refusal& refusal, const Request& request);
    [[nodiscard]] boost::asio::awaitable<void> linger();

    void enter(Stage stage, std::chrono::milliseconds limit);
    void write_head(const Response& response);

    tls::Socket stream_;
    boost::asio::cancellation_signal departure_;
    const Service& service_;
    const HttpServerOptions& options_;
    const std::size_t worker_;
    const std::string peer_;
    HttpDate* date_ = nullptr;
    boost::beast::flat_buffer buffer_;
    std::string head_;
    Exchange exchange_;
    Stage stage_ = Stage::Idle;
    Clock::time_point since_;
    Clock::time_point deadline_;
    bool closed_ = false;
    bool expired_ = false;  ///< its deadline passed
    bool gone_ = false;     ///< its client went away while its request was answered
};

}  // namespace net
