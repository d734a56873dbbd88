#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/event_kind.h"
#include "net/http_message.h"
#include "sim/feed.h"
#include "tls/socket.h"

namespace sim {

/// One open event stream: a cursor in its node's buffer. All of it runs on the thread of its socket.
class Subscriber : public std::enable_shared_from_this<Subscriber> {
  public:
    Subscriber(tls::Socket socket, std::shared_ptr<const Feed> feed, base::Filter filter);

    /// Sends the head and the version, then events from the position on until one side ends it; then `ended`.
    void start(const net::Request& request, std::uint64_t position,
               std::function<void(const Subscriber*)> ended);

    /// There is something new in the feed.
    void wake();

    /// Sends these bytes, as they are, behind the events that are in the buffer now.
    void send_aside(std::string bytes);

    /// Ends the stream: at once, or with a TCP reset.
    void close(bool reset);
    /// Ends it when all that is in the buffer now has been sent.
    void finish();
    /// Ends it in the middle of the next event.
    void cut_next();

    [[nodiscard]] base::Filter filter() const { return filter_; }
    /// Whether everything there is has been handed to the socket.
    [[nodiscard]] bool drained() const;

  private:
    struct Aside {
        std::uint64_t position;  ///< goes before the event there
        std::string bytes;
    };

    static boost::asio::awaitable<void> run(std::shared_ptr<Subscriber> self);
    static boost::asio::awaitable<void> watch(std::shared_ptr<Subscriber> self);
    boost::asio::awaitable<void> wait();
    boost::asio::awaitable<bool> write();
    void fill();
    void add_event(std::uint64_t position);
    void add_asides();
    void add_frame(std::string_view bytes);
    void shut();
    [[nodiscard]] std::uint64_t end_position() const;

    tls::Socket socket_;
    boost::asio::steady_timer timer_;
    std::shared_ptr<const Feed> feed_;
    base::Filter filter_;
    std::function<void(const Subscriber*)> ended_;
    std::uint64_t position_ = 0;
    std::deque<Aside> asides_;
    bool chunked_ = true;
    bool waiting_ = false;
    bool writing_ = false;
    bool keep_alive_due_ = false;
    std::optional<std::uint64_t> finish_at_;
    bool cut_next_ = false;
    bool closing_ = false;

    std::string greeting_;  ///< head and version, held back while the node is silent
    std::string out_;
    EventPtr large_;  ///< sent from where it lies, between out_ and tail_
    std::string tail_;
};

}  // namespace sim
