#pragma once

#include <exception>

namespace base {

/// The completion handler of a coroutine that may end by an exception: it goes on to whoever runs the loop.
inline void rethrow(const std::exception_ptr& exception) {
    if (exception) std::rethrow_exception(exception);
}

}  // namespace base
