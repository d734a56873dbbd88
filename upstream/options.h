#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace upstream {

/// One node to read, as configured.
struct NodeOptions {
    std::string name;        ///< default "ip:sse_port"; unique
    std::string ip_address;  ///< an IPv4 or IPv6 literal, or a host name
    std::uint16_t sse_port = 0;
    std::uint16_t rest_port = 0;
    std::uint32_t max_attempts = 10;  ///< consecutive failures until it is given up; 0: not connected at all
    std::chrono::seconds delay_between_retries{5};
    bool allow_partial_connection = false;
    bool enable_logging = true;
    std::chrono::seconds connection_timeout{5};
    std::chrono::seconds no_message_timeout{120};
    std::chrono::seconds sleep_between_keep_alive_checks{60};
    bool use_tls = false;
    std::size_t max_event_size = std::size_t{64} << 20;  ///< bytes of one event's data
    enum class RetryStrategy { Fixed, Exponential } retry_strategy = RetryStrategy::Fixed;
    std::chrono::seconds max_delay_between_retries{300};
    std::chrono::seconds healthy_reset_after{60};
    std::chrono::seconds defunct_retry_after{0};  ///< 0: never

    bool operator==(const NodeOptions&) const = default;
};

}  // namespace upstream
