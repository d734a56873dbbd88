#pragma once

#include <sys/resource.h>
#include <unistd.h>

namespace base {

/// Makes the calling thread one that others go before: by 10 steps of niceness (sched(7)), a tenth of their
/// share of a core that both want, and all of one that nobody else does. It cannot be undone without
/// privileges.
inline void work_in_background() {
    constexpr int kSteps = 10;
    const auto self = static_cast<id_t>(::gettid());
    ::setpriority(PRIO_PROCESS, self, ::getpriority(PRIO_PROCESS, self) + kSteps);
}

}  // namespace base
