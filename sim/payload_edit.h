#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace sim {

/// Adds a member to the event's inner object, behind its others: {"Kind":{…,MEMBER}}. `member` is
/// "name":value. A payload that does not end in "}}" is left as it is.
void add_member(std::string& payload, const std::string& member);

/// Adds "sent_at_ns", nanoseconds since the epoch (CLOCK_REALTIME), always kStampSize bytes in all.
void add_stamp(std::string& payload, std::chrono::system_clock::time_point now);
inline constexpr std::size_t kStampSize = 33;

}  // namespace sim
