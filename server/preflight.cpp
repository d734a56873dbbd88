#include "server/preflight.h"

#include <fmt/format.h>
#include <sys/resource.h>

namespace server {

namespace {

constexpr rlim_t kOwnDescriptors = 200;

}  // namespace

void prepare_descriptors(const Config& config, const base::Log& log) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t wanted = config.event_stream_server.max_concurrent_subscribers + kOwnDescriptors;
    if (limit.rlim_max >= wanted) return;
    log->warn(
        "the limit of open files is {}, but max_concurrent_subscribers = {} needs {}; raise it (ulimit -n)",
        limit.rlim_max, config.event_stream_server.max_concurrent_subscribers, wanted);
}

}  // namespace server
