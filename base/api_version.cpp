#include "base/api_version.h"

#include <array>
#include <charconv>
#include <fmt/format.h>

namespace base {
namespace {

constexpr int kPartBits = 20;
constexpr std::uint32_t kPartLimit = 1U << kPartBits;

}  // namespace

std::string ApiVersion::to_string() const {
    return fmt::format("{}.{}.{}", major, minor, patch);
}

std::optional<ApiVersion> ApiVersion::parse(std::string_view text) {
    std::array<std::uint32_t, 3> parts{};
    const char* at = text.data();
    const char* const end = at + text.size();
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) {
            if (at == end || *at != '.') return std::nullopt;
            ++at;
        }
        const auto [next, error] = std::from_chars(at, end, parts[i]);
        if (error != std::errc{} || parts[i] >= kPartLimit) return std::nullopt;
        at = next;
    }
    if (at != end && *at != '-' && *at != '+') return std::nullopt;
    return ApiVersion{parts[0], parts[1], parts[2]};
}

std::int64_t ApiVersion::packed() const {
    return (std::int64_t{major} << (2 * kPartBits)) | (std::int64_t{minor} << kPartBits) |
           std::int64_t{patch};
}

ApiVersion ApiVersion::unpacked(std::int64_t packed) {
    constexpr std::int64_t mask = kPartLimit - 1;
    return {static_cast<std::uint32_t>((packed >> (2 * kPartBits)) & mask),
            static_cast<std::uint32_t>((packed >> kPartBits) & mask),
            static_cast<std::uint32_t>(packed & mask)};
}

}  // namespace base
