#include "transfer/key_filter.h"

#include <string_view>

namespace transfer {

namespace {

constexpr unsigned kProbes = 6;

std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31U);
}

std::uint64_t hash(base::Kind kind, const base::NaturalKey& key, std::uint64_t seed) {
    std::uint64_t value = mix(seed + static_cast<std::uint64_t>(kind));
    const auto add = [&value](const base::KeyBytes& bytes) {
        for (const auto byte : bytes) value = (value ^ byte) * 0x100000001B3U;
        value = mix(value + bytes.size());
    };
    add(key.first);
    add(key.second);
    return value;
}

}  // namespace

bool KeyFilter::add(base::Kind kind, const base::NaturalKey& key) {
    const auto first = hash(kind, key, 0x9E3779B97F4A7C15U);
    const auto stride = hash(kind, key, 0xD1B54A32D192ED03U) | 1U;
    bool was_there = true;
    for (unsigned probe = 0; probe < kProbes; ++probe) {
        const auto bit = (first + probe * stride) % (kWords * 64);
        auto& word = bits_[bit / 64];
        const auto mask = std::uint64_t{1} << (bit % 64);
        was_there = was_there && (word & mask) != 0;
        word |= mask;
    }
    return was_there;
}

}  // namespace transfer
