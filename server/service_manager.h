#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "server/loop_watch.h"

namespace server {

/// Tells systemd how the program is (sd_notify(3)), and feeds its watchdog as long as no loop is stuck.
/// Without a NOTIFY_SOCKET in the environment nothing happens. The main loop's thread only.
class ServiceManager {
  public:
    /// `status`: one line for `systemctl status`.
    ServiceManager(boost::asio::io_context& main, const LoopWatch& watch,
                   std::function<std::string()> status);
    ServiceManager(const ServiceManager&) = delete;
    ServiceManager& operator=(const ServiceManager&) = delete;

    /// Everything is open and serves; also after reloading().
    void ready();
    void reloading();
    /// The watchdog is not fed any more.
    void stopping();

  private:
    [[nodiscard]] std::string status_line() const;
    void feed();
    void feed_later();

    const LoopWatch& watch_;
    const std::function<std::string()> status_;
    const bool is_there_;
    const std::chrono::microseconds watchdog_;  ///< 0: there is none
    boost::asio::steady_timer timer_;
    bool feeding_ = false;
};

}  // namespace server
