#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <mutex>
#include <utility>

namespace admin {

/// The way from other threads to the one that runs an io_context, for answers that may come after the end:
/// what comes after close() is dropped. Thread-safe.
class WayBack {
  public:
    explicit WayBack(boost::asio::io_context& context) : context_(&context) {}

    void post(std::function<void()> work) {
        const std::lock_guard lock(mutex_);
        if (context_ != nullptr) boost::asio::post(*context_, std::move(work));
    }

    void close() {
        const std::lock_guard lock(mutex_);
        context_ = nullptr;
    }

  private:
    std::mutex mutex_;
    boost::asio::io_context* context_;
};

}  // namespace admin
