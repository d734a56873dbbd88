#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "admin/way_back.h"
#include "base/as_tuple.h"

namespace admin {

/// How long a request waits for what another thread will say.
inline constexpr std::chrono::seconds kReplyPatience{8};

/// Asks another thread, and waits for what it says: `ask` gets a function that is to be called with the
/// answer, once, on any thread. None: it did not come within the time, or the client has gone. It may also
/// come after the end of the program's admin server, or never: nothing of the waiting coroutine is kept by
/// it.
template <class T>
[[nodiscard]] boost::asio::awaitable<std::optional<T>> reply_of(
    std::shared_ptr<WayBack> way_back, std::function<void(std::function<void(T)>)> ask,
    std::chrono::milliseconds patience = kReplyPatience) {
    namespace asio = boost::asio;
    struct Waiting {
        explicit Waiting(const asio::any_io_executor& executor) : arrived(executor) {}
        asio::steady_timer arrived;
        std::optional<T> answer;
    };
    const auto executor = co_await asio::this_coro::executor;
    const auto waiting = std::make_shared<Waiting>(executor);
    std::function<void(T)> take = [weak = std::weak_ptr<Waiting>(waiting), way_back](T answer) {
        way_back->post([weak, answer = std::move(answer)]() mutable {
            const auto still = weak.lock();
            if (!still) return;
            still->answer = std::move(answer);
            still->arrived.cancel();
        });
    };
    waiting->arrived.expires_after(patience);
    ask(std::move(take));
    co_await waiting->arrived.async_wait(base::kAsTuple);
    co_return std::move(waiting->answer);
}

}  // namespace admin
