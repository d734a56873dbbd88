#pragma once

#include <string>

namespace storage {

/// A new random UUID (RFC 4122, version 4). Throws std::runtime_error when the system has no randomness.
[[nodiscard]] std::string new_uuid();

}  // namespace storage
