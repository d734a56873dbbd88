#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "base/event.h"

namespace perf {

/// The events of JSONL files of payloads. Lines that are no event, kinds without a key, and what
/// comes twice are left out.
[[nodiscard]] std::vector<base::Event> read_payloads(const std::vector<std::filesystem::path>& files);

/// The same event under another natural key: block, deploy and era are other ones, in the payload, too. What
/// events share in one copy they share in another. Copy 0 is the original.
[[nodiscard]] base::Event copy_of(const base::Event& event, std::size_t copy);

}  // namespace perf
