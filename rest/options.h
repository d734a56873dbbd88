#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace rest {

struct Options {
    std::string bind_address = "0.0.0.0";
    std::uint16_t port = 0;
    std::uint32_t max_concurrent_requests = 50;
    std::uint32_t max_requests_per_second = 50;
    std::chrono::seconds request_timeout{10};
};

}  // namespace rest
