#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace net {

enum class Plus { IsPlus, IsSpace };  ///< IsSpace: application/x-www-form-urlencoded

/// Undoes percent-encoding (RFC 3986, section 2.1); nothing when an escape is broken.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text, Plus plus = Plus::IsPlus);

/// Whether these bytes are UTF-8 (RFC 3629).
[[nodiscard]] bool is_utf8(std::string_view bytes);

}  // namespace net
