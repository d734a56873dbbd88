#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace base {

/// Why an operation failed, in words for an operator: the thing, what is wrong with it, the remedy.
struct Error {
    enum class Category {
        Invalid,      ///< the input is wrong and will be wrong next time
        Unavailable,  ///< it may work later (disk full, database locked, connection refused)
        Corrupt,      ///< stored data cannot be trusted
    };
    Category category = Category::Invalid;
    std::string message;
};

/// The value, or why there is none. For failures that a caller must handle; programming errors throw.
template <class T>
using Result = boost::system::result<T, Error>;

[[nodiscard]] inline Error invalid(std::string message) {
    return {Error::Category::Invalid, std::move(message)};
}
[[nodiscard]] inline Error unavailable(std::string message) {
    return {Error::Category::Unavailable, std::move(message)};
}
[[nodiscard]] inline Error corrupt(std::string message) {
    return {Error::Category::Corrupt, std::move(message)};
}

/// Called by Result::value() when there is none (Boost.System finds it by argument-dependent lookup).
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::runtime_error(error.message);
}

}  // namespace base
