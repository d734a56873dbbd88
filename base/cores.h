#pragma once

#include <sched.h>
#include <thread>

namespace base {

/// The cores that this process may run on, at least 1: those of its affinity (taskset, a container's cpuset),
/// which std::thread::hardware_concurrency() does not look at.
[[nodiscard]] inline unsigned usable_cores() {
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
    const unsigned cores = std::thread::hardware_concurrency();
    return cores > 0 ? cores : 1;
}

}  // namespace base
