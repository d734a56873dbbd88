#include "rest/content.h"

namespace rest {

void Content::add(std::string_view text) {
    auto* const last = parts.empty() ? nullptr : std::get_if<std::string>(&parts.back());
    if (last != nullptr) {
        last->append(text);
    } else {
        parts.emplace_back(std::string(text));
    }
}

void Content::take(std::string text) {
    const bool follows_text = !parts.empty() && std::holds_alternative<std::string>(parts.back());
    if (follows_text) {
        add(text);
    } else {
        parts.emplace_back(std::move(text));
    }
}

/// The mixing of SplitMix64: every bit of the number changes every bit of the hash.
void EntityTag::add(std::uint64_t number) {
    std::uint64_t mixed = (hash_ ^ number) + 0x9e3779b97f4a7c15U;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    hash_ = mixed ^ (mixed >> 31U);
}

std::string EntityTag::text() const {
    std::string text = "\"0000000000000000\"";
    std::uint64_t rest = hash_;
    for (auto digit = text.rbegin() + 1; rest != 0; ++digit, rest >>= 4U)
        *digit = "0123456789abcdef"[rest & 0xFU];
    return text;
}

}  // namespace rest
