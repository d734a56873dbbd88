#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <ratio>
#include <type_traits>
#include <utility>

#include "server/config_key.h"

namespace server {

/// How a member's type stands in a TOML file. `decode` is given values that the key's rule let pass; numbers
/// above the member's range become its greatest value.
template <class T>
struct Codec;

template <>
struct Codec<bool> {
    static constexpr auto kType = ValueType::Boolean;
    static ConfigValue encode(bool value, const KeyRule&) { return value; }
    static bool decode(const ConfigValue& value, const KeyRule&) { return std::get<bool>(value); }
};

template <std::unsigned_integral T>
struct Codec<T> {
    static constexpr auto kType = ValueType::Integer;
    static ConfigValue encode(T value, const KeyRule&) { return static_cast<std::int64_t>(value); }
    static T decode(const ConfigValue& value, const KeyRule&) {
        const auto number = static_cast<std::uint64_t>(std::get<std::int64_t>(value));
        return static_cast<T>(std::min<std::uint64_t>(number, std::numeric_limits<T>::max()));
    }
};

/// Kept below 2^32 ticks, so that no sum of times overflows.
template <class Period>
struct Codec<std::chrono::duration<std::int64_t, Period>> {
    using T = std::chrono::duration<std::int64_t, Period>;
    static constexpr auto kType = ValueType::Integer;
    static ConfigValue encode(T value, const KeyRule&) { return std::int64_t{value.count()}; }
    static T decode(const ConfigValue& value, const KeyRule&) {
        constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
        return T{std::min(std::get<std::int64_t>(value), kMost)};
    }
};

template <>
struct Codec<std::string> {
    static constexpr auto kType = ValueType::String;
    static ConfigValue encode(const std::string& value, const KeyRule&) { return value; }
    static std::string decode(const ConfigValue& value, const KeyRule&) {
        return std::get<std::string>(value);
    }
};

/// An enum's values are the rule's choices, in the same order.
template <class T>
requires std::is_enum_v<T>
struct Codec<T> {
    static constexpr auto kType = ValueType::String;
    static ConfigValue encode(T value, const KeyRule& rule) {
        return std::string(rule.choices.at(static_cast<std::size_t>(value)));
    }
    static T decode(const ConfigValue& value, const KeyRule& rule) {
        const auto found = std::find(rule.choices.begin(), rule.choices.end(), std::get<std::string>(value));
        return static_cast<T>(found - rule.choices.begin());
    }
};

template <>
struct Codec<std::vector<std::string>> {
    static constexpr auto kType = ValueType::StringList;
    static ConfigValue encode(const std::vector<std::string>& list, const KeyRule&) { return list; }
    static std::vector<std::string> decode(const ConfigValue& value, const KeyRule&) {
        return std::get<std::vector<std::string>>(value);
    }
};

template <>
struct Codec<std::vector<base::Kind>> {
    static constexpr auto kType = ValueType::StringList;
    static ConfigValue encode(const std::vector<base::Kind>& kinds, const KeyRule&) {
        std::vector<std::string> names;
        for (const auto kind : kinds) names.emplace_back(base::row_of(kind).name);
        return names;
    }
    static std::vector<base::Kind> decode(const ConfigValue& value, const KeyRule&) {
        std::vector<base::Kind> kinds;
        for (const auto& name : std::get<std::vector<std::string>>(value)) {
            kinds.push_back(base::kind_named(name).value());
        }
        return kinds;
    }
};

template <class T>
struct Codec<std::optional<T>> {
    static constexpr auto kType = Codec<T>::kType;
    static ConfigValue encode(const std::optional<T>& value, const KeyRule& rule) {
        return value ? Codec<T>::encode(*value, rule) : ConfigValue{};
    }
    static std::optional<T> decode(const ConfigValue& value, const KeyRule& rule) {
        return Codec<T>::decode(value, rule);
    }
};

/// A size in bytes that the file gives in MB (2^20 bytes). The rule's limit keeps the product in range.
struct MegabyteCodec {
    static constexpr auto kType = ValueType::Integer;
    static ConfigValue encode(std::size_t bytes, const KeyRule&) {
        return static_cast<std::int64_t>(bytes >> 20);
    }
    static std::size_t decode(const ConfigValue& value, const KeyRule&) {
        return static_cast<std::size_t>(std::get<std::int64_t>(value)) << 20;
    }
};

/// The row of a key that is held by the member of one part of the draft.
template <class C, class Part, class T>
KeyRow make_key(Section section, std::string_view name, T Part::*member, KeyRule rule,
                std::string_view help) {
    auto read = [member, rule](const ConfigDraft& draft) {
        return C::encode(std::get<Part>(draft).*member, rule);
    };
    auto write = [member, rule](ConfigDraft& draft, const ConfigValue& value) {
        std::get<Part>(draft).*member = C::decode(value, rule);
    };
    return {section, name, C::kType, std::move(rule), help, std::move(read), std::move(write)};
}

}  // namespace server
