#pragma once

#include <cstdint>
#include <sys/types.h>

namespace perf {

/// What a process and its children that live have used (proc(5)). Throws std::runtime_error when it is gone.
struct ProcessUsage {
    double cpu_seconds = 0;
    std::uint64_t memory_bytes = 0;  ///< resident, that of the process alone

    [[nodiscard]] static ProcessUsage of(pid_t process);
};

}  // namespace perf
