#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "server/loop_watch.h"

namespace server {

/// Of a watch that a test need not wait for long.
inline constexpr LoopWatch::Times kFast{.interval = std::chrono::milliseconds(5),
                                        .patience = std::chrono::seconds(1)};

/// A loop with a thread of its own, which can be made to hang.
class HeldLoop {
  public:
    HeldLoop() : thread_([this] { context_.run(); }) {}
    ~HeldLoop() {
        release();
        context_.stop();
        thread_.join();
    }
    HeldLoop(const HeldLoop&) = delete;
    HeldLoop& operator=(const HeldLoop&) = delete;

    [[nodiscard]] boost::asio::io_context& context() { return context_; }

    void hold() {
        release_.emplace();
        boost::asio::post(context_, [released = release_->get_future().share()] { released.wait(); });
    }
    void release() {
        if (!release_) return;
        release_->set_value();
        release_.reset();
    }

    /// Runs it on the loop's thread and waits for it.
    template <class Function>
    void run(Function function) {
        std::packaged_task<void()> task(std::move(function));
        auto done = task.get_future();
        boost::asio::post(context_, [&task] { task(); });
        done.get();
    }

  private:
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
    std::optional<std::promise<void>> release_;
    std::thread thread_;
};

}  // namespace server
