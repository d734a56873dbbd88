#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "sim/event_buffer.h"

namespace sim {

/// What a node and its subscribers share.
struct Feed {
    EventBuffer buffer;
    std::string api_version;
    std::chrono::milliseconds keep_alive{15'000};
    bool until_close = false;  ///< plain until close, even for HTTP/1.1
    std::array<bool, base::kNodeFilterCount> silent{};

    [[nodiscard]] bool is_silent(base::Filter filter) const {
        return silent[static_cast<std::size_t>(filter)];
    }
    [[nodiscard]] std::string api_version_frame() const {
        return "data:{\"ApiVersion\":\"" + api_version + "\"}\n\n";
    }
};

}  // namespace sim
