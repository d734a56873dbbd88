#include "upstream/natural_key.h"

#include <algorithm>
#include <utility>

#include "base/hex.h"

namespace upstream {
namespace {

constexpr std::uint8_t kOdd = 0xFF;

void append_big_endian(base::KeyBytes& to, std::uint64_t number, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        to.push_back(static_cast<std::uint8_t>(number >> shift));
}

void append_odd_text(base::KeyBytes& to, std::string_view text) {
    to.reserve(1 + text.size());
    to.push_back(kOdd);
    to.insert(to.end(), text.begin(), text.end());
}

}  // namespace

base::KeyBytes key_of_hex(std::string_view text, std::initializer_list<std::size_t> digits) {
    if (std::ranges::find(digits, text.size()) == digits.end()) return key_of_odd_text(text);
    auto key = base::bytes_of_hex(text);
    return key ? std::move(*key) : key_of_odd_text(text);
}

base::KeyBytes key_of_odd_text(std::string_view text) {
    base::KeyBytes key;
    append_odd_text(key, text);
    return key;
}

base::KeyBytes key_of_number(std::uint64_t number) {
    base::KeyBytes key;
    append_big_endian(key, number, 8);
    return key;
}

base::KeyBytes node_identity(const std::optional<std::string>& signing_key, std::string_view instance,
                             std::string_view node) {
    if (signing_key && !signing_key->empty()) return key_of_hex(*signing_key, {66, 68});
    std::string names(instance);
    names += '\0';
    names += node;
    return key_of_odd_text(names);
}

base::NaturalKey occurrence_key(const base::KeyBytes& node, base::Filter filter,
                                base::NodePosition position) {
    base::NaturalKey key;
    key.first = node;
    key.second.push_back(static_cast<std::uint8_t>(filter));
    append_big_endian(key.second, position.generation, 4);
    append_big_endian(key.second, position.event_id, 4);
    return key;
}

}  // namespace upstream
