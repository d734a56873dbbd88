#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "base/event.h"
#include "storage/event_log.h"

namespace storage {

/// How long positions of batches without news may stay in memory: a crash costs the reading of so much again.
inline constexpr std::chrono::seconds kLongestKeptBack{1};

/// To be added to a time of the steady clock, in milliseconds, for one since 1970.
[[nodiscard]] std::int64_t steady_to_unix_ms();

/// Milliseconds since 1970; now, for an event without a time.
[[nodiscard]] std::int64_t received_at(const base::Event& event, std::int64_t steady_to_unix_ms);

/// Adds the newest position of each endpoint of each node that the batch touched.
void add_positions(Positions& positions, std::span<const base::Event> batch);

}  // namespace storage
