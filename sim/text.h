#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace sim {

inline void append_part(std::string& out, std::string_view part) {
    out.append(part);
}
inline void append_part(std::string& out, std::integral auto number) {
    out.append(std::to_string(number));
}

/// Appends strings and whole numbers, one after the other.
template <class... Parts>
void append(std::string& out, const Parts&... parts) {
    (append_part(out, parts), ...);
}

}  // namespace sim
