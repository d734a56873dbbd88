#pragma once

#include <pthread.h>
#include <thread>
#include <utility>

namespace base {

/// A thread that debuggers and `top -H` show by name; the kernel keeps 15 characters of it.
template <class Function>
[[nodiscard]] std::thread named_thread(const char* name, Function function) {
    return std::thread([name, function = std::move(function)]() mutable {
        pthread_setname_np(pthread_self(), name);
        function();
    });
}

}  // namespace base
