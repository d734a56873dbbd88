#pragma once

#include <optional>
#include <string_view>

#include "base/event.h"

namespace base {

/// The bytes that an even number of hex digits of either case stand for; nothing where it is not that.
[[nodiscard]] std::optional<KeyBytes> bytes_of_hex(std::string_view text);

}  // namespace base
