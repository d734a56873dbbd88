#include "storage/hex_packing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace storage {

namespace {

/// What stands in the text for a run. The numbers stand in databases.
enum Marker : char {
    kHash = 1,         // 32 bytes
    kEd25519 = 2,      // 33: a public key with its algorithm
    kSecp256k1 = 3,    // 34
    kSignature = 4,    // 65: with its algorithm
    kAnySize = 5,      // as many as a varint in `binary` says
    kFirstKey = 6,     // RowKeys::first
    kSecondKey = 7,    // RowKeys::second
    kRepetition = 14,  // the run of that number (a varint in `binary`), counted from 0
};

constexpr std::size_t kShortestRun = 16;
constexpr std::size_t kShortestRepetition = 32;
constexpr std::size_t kRunsKept = 4096;
constexpr std::size_t kFewRuns = 12;

/// 0 to 15 for the digits 0-9 and a-f, 16 for everything else.
constexpr std::uint8_t kNoDigit = 16;
constexpr auto kValues = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(kNoDigit);
    for (std::size_t i = 0; i < 10; ++i) values['0' + i] = static_cast<std::uint8_t>(i);
    for (std::size_t i = 0; i < 6; ++i) values['a' + i] = static_cast<std::uint8_t>(10 + i);
    return values;
}();

std::uint8_t value_of(char c) {
    return kValues[static_cast<unsigned char>(c)];
}

/// Control characters that JSON does not know between its tokens: those that can be markers.
bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

constexpr std::uint64_t kEveryByte = 0x0101010101010101U;

constexpr std::uint64_t kHighBits = kEveryByte * 0x80U;
constexpr std::size_t kWord = sizeof(std::uint64_t);

std::uint64_t eight_characters(const char* text) {
    std::uint64_t word = 0;
    std::memcpy(&word, text, sizeof(word));
    return word;
}

/// The high bit of each byte that is a digit, 0-9 or a-f. Of seven bits each, no sum reaches the next byte.
std::uint64_t digits_among(std::uint64_t characters) {
    const auto low = characters & ~kHighBits;
    const auto at_least = [low](char c) {
        return low + kEveryByte * (0x80U - static_cast<unsigned char>(c));
    };
    const auto decimal = at_least('0') & ~at_least('9' + 1);
    const auto letter = at_least('a') & ~at_least('f' + 1);
    return (decimal | letter) & ~characters & kHighBits;
}

/// How many digits the text begins with.
std::size_t digits_at_front(std::string_view text) {
    std::size_t count = 0;
    for (; count + kWord <= text.size(); count += kWord) {
        const auto others = ~digits_among(eight_characters(text.data() + count)) & kHighBits;
        if (others != 0) return count + static_cast<std::size_t>(std::countr_zero(others)) / 8;
    }
    while (count < text.size() && value_of(text[count]) != kNoDigit) ++count;
    return count;
}

/// How many digits it ends with.
std::size_t digits_at_back(std::string_view text) {
    std::size_t count = 0;
    for (; count + kWord <= text.size(); count += kWord) {
        const auto* const word = text.data() + text.size() - count - kWord;
        const auto others = ~digits_among(eight_characters(word)) & kHighBits;
        if (others != 0) return count + static_cast<std::size_t>(std::countl_zero(others)) / 8;
    }
    while (count < text.size() && value_of(text[text.size() - count - 1]) != kNoDigit) ++count;
    return count;
}

/// Eight characters at a time: they are rare.
bool has_control(std::string_view text) {
    for (; text.size() >= kWord; text.remove_prefix(kWord)) {
        const auto word = eight_characters(text.data());
        const bool below_space = ((word - kEveryByte * 0x20U) & ~word & kHighBits) != 0;
        if (below_space && std::any_of(text.begin(), text.begin() + kWord, is_control)) return true;
    }
    return std::ranges::any_of(text, is_control);
}

constexpr auto kDigits = [] {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::array<std::array<char, 2>, 256> digits{};
    for (std::size_t i = 0; i < 256; ++i) digits[i] = {kHex[i >> 4U], kHex[i & 15U]};
    return digits;
}();

/// The bytes of eight digits, the first in the lowest byte. Of '0' to '9' the lower half is the value, of 'a'
/// to 'f', which have bit 6, it is the value less 9.
std::uint32_t four_bytes(std::uint64_t digits) {
    static_assert(std::endian::native == std::endian::little);
    const auto values = (digits & kEveryByte * 0x0fU) + ((digits >> 6U) & kEveryByte) * 9;
    auto bytes = ((values << 4U) | (values >> 8U)) & 0x00ff00ff00ff00ffU;
    bytes = (bytes | (bytes >> 8U)) & 0x0000ffff0000ffffU;
    return static_cast<std::uint32_t>(bytes | (bytes >> 16U));
}

void append_bytes(std::string& bytes, std::string_view digits) {
    auto at = bytes.size();
    bytes.resize(at + digits.size() / 2);
    for (; digits.size() >= 8; digits.remove_prefix(8), at += 4) {
        const auto four = four_bytes(eight_characters(digits.data()));
        std::memcpy(bytes.data() + at, &four, sizeof(four));
    }
    for (; !digits.empty(); digits.remove_prefix(2), ++at)
        bytes[at] = static_cast<char>((value_of(digits[0]) << 4U) | value_of(digits[1]));
}

void append_digits(std::string& text, std::string_view bytes) {
    const auto at = text.size();
    text.resize(at + 2 * bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto& digits = kDigits[static_cast<unsigned char>(bytes[i])];
        text[at + 2 * i] = digits[0];
        text[at + 2 * i + 1] = digits[1];
    }
}

Marker marker_of(std::size_t bytes) {
    switch (bytes) {
        case 32:
            return kHash;
        case 33:
            return kEd25519;
        case 34:
            return kSecp256k1;
        case 65:
            return kSignature;
        default:
            return kAnySize;
    }
}

std::size_t fixed_size(char marker) {
    switch (marker) {
        case kHash:
            return 32;
        case kEd25519:
            return 33;
        case kSecp256k1:
            return 34;
        case kSignature:
            return 65;
        default:
            return 0;
    }
}

std::string_view as_text(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Reads `binary` in the order of the markers.
class Runs {
  public:
    Runs(std::string_view binary, const RowKeys& keys) : rest_(binary), keys_(keys) {}

    /// The bytes for a marker; nothing, when there are none.
    [[nodiscard]] std::optional<std::string_view> take(char marker) {
        if (marker == kFirstKey) return key(keys_.first);
        if (marker == kSecondKey) return key(keys_.second);
        if (marker == kRepetition) return repetition();
        auto size = static_cast<std::uint64_t>(fixed_size(marker));
        if (marker == kAnySize) size = take_varint(rest_).value_or(0);
        if (size == 0 || size > rest_.size()) return std::nullopt;
        const auto bytes = rest_.substr(0, size);
        rest_.remove_prefix(size);
        if (2 * size >= kShortestRepetition) seen_.push_back(bytes);
        return bytes;
    }

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

  private:
    [[nodiscard]] static std::optional<std::string_view> key(std::span<const std::uint8_t> bytes) {
        if (bytes.empty()) return std::nullopt;
        return as_text(bytes);
    }

    [[nodiscard]] std::optional<std::string_view> repetition() {
        const auto number = take_varint(rest_);
        if (!number || *number >= seen_.size()) return std::nullopt;
        return seen_[*number];
    }

    std::string_view rest_;
    const RowKeys& keys_;
    std::vector<std::string_view> seen_;
};

}  // namespace

void append_varint(std::string& bytes, std::uint64_t number) {
    while (number >= 0x80) {
        bytes += static_cast<char>(number | 0x80U);
        number >>= 7U;
    }
    bytes += static_cast<char>(number);
}

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 63 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        number |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
        if (byte < 0x80) return number;
    }
    return std::nullopt;
}

bool HexPacking::pack(std::string_view payload, const RowKeys& keys, Packed& packed) {
    if (has_control(payload)) return false;
    packed.text.clear();
    packed.binary.clear();
    forget_runs();

    // Of every run that is long enough, one of the places looked at is part.
    std::size_t copied = 0;
    for (std::size_t at = 0; at + kShortestRun <= payload.size();) {
        const auto place = at + kShortestRun - 1;
        const auto before = digits_at_back(payload.substr(at, kShortestRun));
        if (before == 0) {
            at = place + 1;
            continue;
        }
        const auto begin = place + 1 - before;
        const auto end = place + 1 + digits_at_front(payload.substr(place + 1));
        at = end;
        if (end - begin < kShortestRun) continue;
        const auto size = (end - begin) / 2 * 2;
        packed.text.append(payload.substr(copied, begin - copied));
        add_run(payload.substr(begin, size), keys, packed);
        copied = begin + size;
    }
    packed.text.append(payload.substr(copied));
    return true;
}

void HexPacking::add_run(std::string_view digits, const RowKeys& keys, Packed& packed) {
    const auto marker = marker_of(digits.size() / 2);
    const auto before = packed.binary.size();
    if (marker == kAnySize) append_varint(packed.binary, digits.size() / 2);
    const auto begin = packed.binary.size();
    append_bytes(packed.binary, digits);
    const auto bytes = std::string_view(packed.binary).substr(begin);

    if (const auto key = bytes == as_text(keys.first)    ? kFirstKey
                         : bytes == as_text(keys.second) ? kSecondKey
                                                         : marker;
        key != marker) {
        packed.binary.resize(before);
        packed.text += key;
        return;
    }
    if (digits.size() >= kShortestRepetition) {
        const auto number = number_of(digits);
        if (number < runs_.size()) {
            packed.binary.resize(before);
            packed.text += kRepetition;
            append_varint(packed.binary, number);
            return;
        }
        runs_.push_back(digits);
    }
    packed.text += marker;
}

/// That of the same run before; otherwise the next one.
std::uint32_t HexPacking::number_of(std::string_view digits) {
    const auto next = static_cast<std::uint32_t>(runs_.size());
    if (next < kFewRuns) return static_cast<std::uint32_t>(std::ranges::find(runs_, digits) - runs_.begin());
    if (numbers_.empty()) {
        for (std::uint32_t number = 0; number < next; ++number) numbers_.emplace(runs_[number], number);
    }
    return numbers_.try_emplace(digits, next).first->second;
}

/// One large payload must not cost its size for ever.
void HexPacking::forget_runs() {
    runs_.clear();
    numbers_.clear();
    if (runs_.capacity() > kRunsKept) runs_ = std::vector<std::string_view>();
    if (numbers_.bucket_count() > kRunsKept) numbers_ = decltype(numbers_)();
}

base::Result<std::string> unpack_hex(std::string_view text, std::string_view binary, const RowKeys& keys) {
    std::string payload;
    payload.reserve(text.size() + 2 * binary.size() + 256);
    Runs runs(binary, keys);
    std::size_t copied = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!is_control(text[at])) continue;
        payload.append(text.substr(copied, at - copied));
        copied = at + 1;
        const auto bytes = runs.take(text[at]);
        if (!bytes) return base::corrupt("packed hex digits are missing");
        append_digits(payload, *bytes);
    }
    if (!runs.at_end()) return base::corrupt("there are more packed hex digits than places for them");
    payload.append(text.substr(copied));
    return payload;
}

}  // namespace storage
