#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

/// A node's protocol version, MAJOR.MINOR.PATCH. Default: "none known", which is less than any other.
struct ApiVersion {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::uint32_t patch = 0;

    auto operator<=>(const ApiVersion&) const = default;

    [[nodiscard]] bool known() const { return *this != ApiVersion{}; }
    [[nodiscard]] std::string to_string() const;

    /// Reads "1.5.6"; a suffix ("1.5.6-rc1", "1.5.6+abc") is accepted and dropped. Each part is below 2^20.
    [[nodiscard]] static std::optional<ApiVersion> parse(std::string_view text);

    /// One integer that keeps the order, for storage; below 2^60.
    [[nodiscard]] std::int64_t packed() const;
    [[nodiscard]] static ApiVersion unpacked(std::int64_t packed);
};

}  // namespace base
