#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/body.h"

namespace admin {

/// What every open dashboard is sent: the newest message, whenever there is a newer one; who is slow misses
/// those between. Nothing is kept for a reader but its place. One thread only, that of the executor.
class DashboardFeed {
  public:
    using Message = std::shared_ptr<const std::string>;  ///< framed, as it goes out

    /// `max_readers`: at one time.
    DashboardFeed(boost::asio::any_io_executor executor, std::size_t max_readers);

    /// To each reader; they go on after this returns.
    void publish(Message message);

    /// Returns after the next publish().
    [[nodiscard]] boost::asio::awaitable<void> next();

    /// A body of `greeting`, then of what is published from now on, without an end; none: there are too many
    /// readers. The feed must outlive it.
    [[nodiscard]] std::optional<net::StreamedBody> open(Message greeting);

    [[nodiscard]] std::size_t readers() const { return readers_; }

    /// Lets go of the executor, which has ended; nothing but the end of bodies may follow.
    void stop() { published_.reset(); }

  private:
    class Reader;

    std::optional<boost::asio::steady_timer> published_;  ///< never expires; ended for who waits
    const std::size_t max_readers_;
    std::size_t readers_ = 0;
    Message newest_;
    std::uint64_t number_ = 0;  ///< of the newest
};

/// An event of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html); `data` is one line.
[[nodiscard]] std::string event_frame(std::string_view name, std::string_view data);

}  // namespace admin
