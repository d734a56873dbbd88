#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace admin {

struct Options {
    std::string bind_address = "0.0.0.0";
    std::uint16_t port = 0;
    std::uint32_t max_concurrent_requests = 1;
    std::uint32_t max_requests_per_second = 1;
    std::chrono::seconds ready_max_block_age{180};  ///< of the newest block; 0: no limit
    std::string token;                              ///< empty: changes by HTTP are off
};

}  // namespace admin
