#include "net/connection_set.h"

#include <boost/asio/this_coro.hpp>

#include "base/as_tuple.h"

namespace net {

namespace asio = boost::asio;

ConnectionSet::Entry::~Entry() {
    std::erase(set_.connections_, &connection_);
    if (set_.closed_ && set_.connections_.empty() && set_.timer_ != nullptr) set_.timer_->cancel();
}

asio::awaitable<void> ConnectionSet::watch(std::chrono::milliseconds interval) {
    /// The timer lives and dies with the worker's io_context, however long another worker keeps this.
    struct Watching {
        Watching(ConnectionSet& watched, const asio::any_io_executor& executor)
            : set(watched), timer(executor) {
            set.timer_ = &timer;
        }
        ~Watching() { set.timer_ = nullptr; }
        Watching(const Watching&) = delete;
        Watching& operator=(const Watching&) = delete;

        ConnectionSet& set;
        asio::steady_timer timer;
    };
    const auto executor = co_await asio::this_coro::executor;
    Watching watching(*this, executor);
    while (!connections_.empty()) {
        watching.timer.expires_after(interval);
        co_await watching.timer.async_wait(base::kAsTuple);
        const auto now = Connection::Clock::now();
        for (Connection* connection : connections_) connection->look(now);
    }
}

bool ConnectionSet::close_oldest_idle() {
    Connection* oldest = nullptr;
    for (Connection* connection : connections_) {
        const auto since = connection->idle_since();
        if (since && (oldest == nullptr || *since < *oldest->idle_since())) oldest = connection;
    }
    if (oldest != nullptr) oldest->close();
    return oldest != nullptr;
}

void ConnectionSet::close_all() {
    closed_ = true;
    for (Connection* connection : connections_) connection->close();
    if (connections_.empty() && timer_ != nullptr) timer_->cancel();
}

}  // namespace net
