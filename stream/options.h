#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stream {

struct Options {
    std::string bind_address = "0.0.0.0";
    std::uint16_t port = 0;
    std::uint32_t max_concurrent_subscribers = 100;
    /// Newest events in the ring; what subscribers have still to get comes on top.
    std::uint32_t event_stream_buffer_length = 5000;
    std::size_t event_stream_buffer_size = std::size_t{64} << 20;  ///< bytes in the ring, of all of them
    std::uint32_t max_storage_replays = 4;  ///< subscribers served from the log at a time
    std::chrono::seconds subscriber_write_timeout{60};
    std::chrono::milliseconds coalesce{0};
    bool use_io_uring = true;                  ///< where the kernel has it and allows it
    std::uint32_t threads = 0;                 ///< shards; 0: chosen from the machine's cores
    std::uint32_t max_subscribers_per_ip = 0;  ///< 0: no limit
    std::vector<std::string> trusted_proxies;  ///< addresses and networks, for the limit per address
    std::uint64_t max_subscriber_lag = 0;      ///< events; 0: no limit
};

}  // namespace stream
