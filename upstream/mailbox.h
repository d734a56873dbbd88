#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <utility>

namespace upstream {

/// Lets other threads run something on the upstream thread, as long as that is there: after close() nothing
/// is posted any more, whoever still holds a callback. Thread-safe.
class Mailbox {
  public:
    explicit Mailbox(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    template <class Function>
    void post(Function function) {
        const std::lock_guard lock(mutex_);
        if (is_open_) boost::asio::post(executor_, std::move(function));
    }

    void close() {
        const std::lock_guard lock(mutex_);
        is_open_ = false;
    }

  private:
    std::mutex mutex_;
    boost::asio::any_io_executor executor_;
    bool is_open_ = true;
};

}  // namespace upstream
