#include "storage/uuid.h"

#include <array>
#include <openssl/rand.h>
#include <stdexcept>
#include <string_view>

namespace storage {

std::string new_uuid() {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), bytes.size()) != 1)
        throw std::runtime_error("no randomness for the feed's UUID");
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0fU) | 0x40U);  // RFC 4122: version 4,
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3fU) | 0x80U);  // variant 1
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += kHex[bytes[i] >> 4U];
        text += kHex[bytes[i] & 15U];
    }
    return text;
}

}  // namespace storage
