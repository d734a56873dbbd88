#pragma once

#include <cstdint>
#include <string>

namespace admin {

struct Options {
    std::string bind_address = "0.0.0.0";
    std::uint16_t port = 0;
    std::uint32_t max_concurrent_requests = 1;
    std::uint32_t max_requests_per_second = 1;
    std::string token;  ///< empty: changes by HTTP are off
};

}  // namespace admin
