#include "server/preflight.h"

#include <fmt/format.h>
#include <sys/resource.h>

namespace server {

namespace {

constexpr rlim_t kOwnDescriptors = 200;

}  // namespace

base::Result<void> check_supported(const upstream::NodeOptions& node) {
    if (!node.use_tls) return {};
    return base::invalid(fmt::format("node {}: use_tls is not supported by this version yet", node.name));
}

base::Result<void> check_supported(const Config& config) {
    if (config.tls) return base::invalid("[tls] is not supported by this version yet; remove the section");
    for (const auto& node : config.connections) {
        if (const auto supported = check_supported(node); !supported) return supported;
    }
    return {};
}

void tell_what_is_not_served(const Config& config, const base::Log& log) {
    log->info("[rest_server] port {} is not served by this version yet", config.rest_server.port);
    if (config.admin_server) {
        log->info("[admin_server] port {} is not served by this version yet", config.admin_server->port);
    }
    const auto& streams = config.event_stream_server;
    if (streams.coalesce.count() > 0)
        log->warn("event_stream_server.coalesce_ms has no effect in this version yet");
    if (streams.max_subscribers_per_ip > 0) {
        log->warn("event_stream_server.max_subscribers_per_ip has no effect in this version yet");
    }
}

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
