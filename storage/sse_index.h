#pragma once

#include <filesystem>
#include <optional>

#include "base/event.h"
#include "base/log.h"

namespace storage {

/// The next event id that the Rust sidecar left in `directory`: a file `sse_index` of 4 bytes, little-endian.
/// At least 1. Nothing when there is no such file; a file that cannot be that is named in the log and
/// overlooked.
[[nodiscard]] std::optional<base::EventId> read_sse_index(const std::filesystem::path& directory,
                                                          const base::Log& log);

}  // namespace storage
