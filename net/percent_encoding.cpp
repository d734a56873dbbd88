#include "net/percent_encoding.h"

#include <cstddef>

namespace net {
namespace {

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

/// What a leading byte says of its character: how many bytes follow, and the least and greatest value of the
/// first of them (RFC 3629, section 4).
struct Sequence {
    std::size_t following = 0;
    unsigned char least = 0x80;
    unsigned char greatest = 0xBF;
};

std::optional<Sequence> sequence_of(unsigned char leading) {
    if (leading < 0x80) return Sequence{0};
    if (leading < 0xC2) return std::nullopt;  // a following byte, or a longer form than need be
    if (leading < 0xE0) return Sequence{1};
    if (leading == 0xE0) return Sequence{2, 0xA0};
    if (leading == 0xED) return Sequence{2, 0x80, 0x9F};  // no surrogates
    if (leading < 0xF0) return Sequence{2};
    if (leading == 0xF0) return Sequence{3, 0x90};
    if (leading < 0xF4) return Sequence{3};
    if (leading == 0xF4) return Sequence{3, 0x80, 0x8F};
    return std::nullopt;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, Plus plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus == Plus::IsSpace) {
            out.push_back(' ');
            continue;
        }
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const auto high = hex_digit(text[i + 1]);
        const auto low = hex_digit(text[i + 2]);
        if (!high || !low) return std::nullopt;
        out.push_back(static_cast<char>(*high * 16 + *low));
        i += 2;
    }
    return out;
}

bool is_utf8(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sequence = sequence_of(static_cast<unsigned char>(bytes.front()));
        if (!sequence || bytes.size() <= sequence->following) return false;
        for (std::size_t i = 1; i <= sequence->following; ++i) {
            const auto byte = static_cast<unsigned char>(bytes[i]);
            const bool first = i == 1;
            if (byte < (first ? sequence->least : 0x80) || byte > (first ? sequence->greatest : 0xBF))
                return false;
        }
        bytes.remove_prefix(sequence->following + 1);
    }
    return true;
}

}  // namespace net
