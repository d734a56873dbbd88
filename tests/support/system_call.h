#pragma once

#include <cerrno>
#include <system_error>

namespace support {

/// After a system call that failed: throws what errno says.
[[noreturn]] inline void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace support
