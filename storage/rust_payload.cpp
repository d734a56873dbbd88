#include "storage/rust_payload.h"

#include <algorithm>
#include <initializer_list>

namespace storage {

namespace {

constexpr std::size_t kCapacityBehind = 64;

std::string_view without_space_before(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

/// Whether the text begins as `{"Kind":` does. No inner object has a member of its kind's name.
bool is_whole_event(std::string_view raw, std::string_view kind) {
    for (const std::string_view token : {std::string_view("{"), std::string_view("\""), kind,
                                         std::string_view("\""), std::string_view(":")}) {
        if (token != kind) raw = without_space_before(raw);
        if (!raw.starts_with(token)) return false;
        raw.remove_prefix(token.size());
    }
    return true;
}

bool is_bare_hash(std::string_view raw) {
    const auto is_hex = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    return raw.size() == 64 && std::ranges::all_of(raw, is_hex);
}

std::string joined(std::initializer_list<std::string_view> parts) {
    std::size_t size = kCapacityBehind;
    for (const auto part : parts) size += part.size();
    std::string text;
    text.reserve(size);
    for (const auto part : parts) text += part;
    return text;
}

}  // namespace

std::string payload_of_rust_row(base::Kind kind, std::string_view raw) {
    const auto name = base::row_of(kind).name;
    if (kind == base::Kind::Shutdown) return joined({"\"", name, "\""});
    if (is_whole_event(raw, name)) return joined({raw});
    if (kind == base::Kind::DeployExpired) {
        if (is_bare_hash(raw)) return joined({"{\"", name, "\":{\"deploy_hash\":\"", raw, "\"}}"});
        if (raw.starts_with('"')) return joined({"{\"", name, "\":{\"deploy_hash\":", raw, "}}"});
    }
    return joined({"{\"", name, "\":", raw, "}"});
}

}  // namespace storage
