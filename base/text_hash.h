#pragma once

#include <cstdint>
#include <string_view>

namespace base {

/// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): the same in every run of the program.
[[nodiscard]] constexpr std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

}  // namespace base
