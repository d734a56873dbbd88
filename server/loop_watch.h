#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/log.h"

namespace server {

/// Whether the program's loops turn. Each is asked from time to time to show that it does, from the main
/// loop; one that does not do so within the patience is stuck: it hangs, or what it waits for does. Who
/// waits for a database that fails and tries again is not stuck. A loop pays one small handler for each
/// question. To be destroyed when the main loop does not run any more.
class LoopWatch {
  public:
    using Clock = std::chrono::steady_clock;

    struct Times {
        Clock::duration interval = std::chrono::seconds(1);
        /// Above the 12 s after which a call of a database that hangs is given up.
        Clock::duration patience = std::chrono::seconds(30);
    };

    /// The main loop itself is watched, too.
    LoopWatch(boost::asio::io_context& main, base::Log log);
    LoopWatch(boost::asio::io_context& main, base::Log log, Times times);
    LoopWatch(const LoopWatch&) = delete;
    LoopWatch& operator=(const LoopWatch&) = delete;

    /// Before start(). The loop must outlive the watch, or stop() come first.
    void add(std::string name, boost::asio::io_context& loop);
    /// A loop of another kind. `ask` makes it turn and does not block, `last_turn` is for any thread.
    void add(std::string name, std::function<void()> ask, std::function<Clock::time_point()> last_turn);

    /// Both on the main loop's thread, or while that does not run. After stop() nothing is asked or stuck.
    void start();
    void stop();

    /// The names of the loops that are stuck. Any thread; takes no lock.
    [[nodiscard]] std::vector<std::string> stuck() const;

  private:
    struct Loop {
        std::string name;
        std::function<void()> ask;
        std::function<Clock::time_point()> last_turn;
        std::atomic<Clock::time_point> asked{};

        [[nodiscard]] bool has_answered() const { return last_turn() >= asked.load(); }
    };

    void ask_all();
    void tell_changes();

    const base::Log log_;
    const Times times_;
    boost::asio::steady_timer timer_;
    std::deque<Loop> loops_;  ///< never changed after start(), as stuck() reads it
    std::atomic<bool> watching_ = false;
    std::atomic<Clock::time_point> due_{};  ///< when the main loop is to turn next
    std::vector<std::string> told_;
};

}  // namespace server
