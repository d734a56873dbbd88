#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <vector>

#include "net/connection.h"
#include "net/http_date.h"

namespace net {

/// The connections of one worker, and the clock that looks at their deadlines. The worker's thread only.
class ConnectionSet {
  public:
    /// Enters a connection while it runs.
    class Entry {
      public:
        Entry(ConnectionSet& set, Connection& connection) : set_(set), connection_(connection) {
            set_.connections_.push_back(&connection_);
        }
        ~Entry();
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

      private:
        ConnectionSet& set_;
        Connection& connection_;
    };

    /// Whether nobody looks at the deadlines: then watch() is to be run.
    [[nodiscard]] bool unwatched() const { return timer_ == nullptr; }
    /// Looks at the deadlines once an interval, until there is no connection any more.
    [[nodiscard]] boost::asio::awaitable<void> watch(std::chrono::milliseconds interval);

    /// The one that is idle longest. False: none is idle.
    [[nodiscard]] bool close_oldest_idle();
    /// Also those to come do not run any more; watch() ends.
    void close_all();

    [[nodiscard]] HttpDate& date() { return date_; }

  private:
    std::vector<Connection*> connections_;
    boost::asio::steady_timer* timer_ = nullptr;  ///< of watch()
    HttpDate date_;
    bool closed_ = false;
};

}  // namespace net
