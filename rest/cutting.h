#pragma once

#include <optional>
#include <string_view>

namespace rest {

/// The value of the only member of a stored payload, byte for byte, without the white space around it:
/// `{"Step":{…}}` gives `{…}`. Looks at both ends, not at what lies between: the log's payloads were checked
/// when they were read from the node. None: it is no such object.
[[nodiscard]] std::optional<std::string_view> inner_of(std::string_view payload);

/// The value of the first member of that name of a JSON object; a string's with its quotes. The name is
/// compared as it is written, without escapes. None: the object has no such member, or is not well formed
/// before it.
[[nodiscard]] std::optional<std::string_view> member_of(std::string_view object, std::string_view name);

/// A string's characters, given with its quotes; none when it is no string, or has escapes.
[[nodiscard]] std::optional<std::string_view> plain_text(std::string_view string);

}  // namespace rest
