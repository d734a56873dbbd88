#pragma once

#include <filesystem>

#include "base/result.h"

namespace storage {

/// What was written to the file, or the entries of the folder, outlive a crash of the machine. Errors:
/// Unavailable.
[[nodiscard]] base::Result<void> make_durable(const std::filesystem::path& path);

/// Gives the file that name, replacing what has it, durably. Errors: Unavailable.
[[nodiscard]] base::Result<void> move_durably(const std::filesystem::path& from,
                                              const std::filesystem::path& to);

}  // namespace storage
