#pragma once

#include <algorithm>
#include <string_view>

namespace base {

/// RFC 9110, section 5.6.3: optional white space around the parts of a header's value.
inline constexpr std::string_view kHeaderBlanks = " \t";
/// RFC 8259, section 2: the white space between JSON's tokens; it also separates words and lines.
inline constexpr std::string_view kBlanks = " \t\n\r";

/// The text without the blanks in front of it and behind it.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text, std::string_view blanks = kBlanks) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);  // npos + 1 is 0
}

}  // namespace base
