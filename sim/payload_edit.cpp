#include "sim/payload_edit.h"

#include <string_view>

namespace sim {

void add_member(std::string& payload, const std::string& member) {
    if (!std::string_view(payload).ends_with("}}")) return;
    payload.insert(payload.size() - 2, "," + member);
}

void add_stamp(std::string& payload, std::chrono::system_clock::time_point now) {
    // 19 digits from the year 2001 to 2286.
    const auto nanoseconds =
        std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
    add_member(payload, "\"sent_at_ns\":" + std::to_string(nanoseconds));
}

}  // namespace sim
