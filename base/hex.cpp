#include "base/hex.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace base {
namespace {

constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> kDigitValues = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(kNoDigit);
    for (std::uint8_t i = 0; i < 10; ++i) values['0' + i] = i;
    for (std::uint8_t i = 0; i < 6; ++i) {
        values['a' + i] = static_cast<std::uint8_t>(10 + i);
        values['A' + i] = static_cast<std::uint8_t>(10 + i);
    }
    return values;
}();

std::uint8_t digit_value(char digit) {
    return kDigitValues[static_cast<unsigned char>(digit)];
}

}  // namespace

std::optional<KeyBytes> bytes_of_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::optional<KeyBytes> bytes(std::in_place);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto high = digit_value(text[i]);
        const auto low = digit_value(text[i + 1]);
        if (high == kNoDigit || low == kNoDigit) return std::nullopt;
        bytes->push_back(static_cast<std::uint8_t>(high << 4 | low));
    }
    return bytes;
}

}  // namespace base
