#pragma once

#include <filesystem>

#include "base/result.h"

namespace storage {

/// Makes storage_path and the folders above it, if missing. Errors: Unavailable.
[[nodiscard]] base::Result<void> make_folder(const std::filesystem::path& folder);

}  // namespace storage
