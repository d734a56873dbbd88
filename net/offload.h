#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace net {

/// Runs `work`, which may block, on a thread of the pool, and gives its result to the coroutine on its own
/// thread. The coroutine is not cancelled meanwhile.
template <class Work>
[[nodiscard]] auto offload(boost::asio::thread_pool& pool, Work work)
    -> boost::asio::awaitable<decltype(work())> {
    namespace asio = boost::asio;
    auto initiate = [&pool, work = std::move(work)](auto handler) mutable {
        const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto guard = asio::make_work_guard(asio::get_associated_executor(*shared));
        asio::post(pool, [shared, work = std::move(work), guard = std::move(guard)]() mutable {
            auto result = work();
            asio::post(guard.get_executor(),
                       [shared, result = std::move(result)]() mutable { (*shared)(std::move(result)); });
        });
    };
    return asio::async_initiate<decltype(asio::use_awaitable), void(decltype(work()))>(std::move(initiate),
                                                                                       asio::use_awaitable);
}

}  // namespace net
