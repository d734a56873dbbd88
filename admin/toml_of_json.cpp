#include "admin/toml_of_json.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "admin/node_json.h"

namespace admin {
namespace {

/// A basic string of TOML 1.0: what JSON escapes it escapes alike, and DEL besides.
std::string toml_string(std::string_view text) {
    std::string out;
    for (const char c : line_of(text)) {
        c == '\x7f' ? out.append("\\u007f") : out.append(1, c);
    }
    return out;
}

std::string value_of(const nlohmann::json& value) {
    using Type = nlohmann::json::value_t;
    switch (value.type()) {
        case Type::string:
            return toml_string(value.get_ref<const std::string&>());
        case Type::array:
            return "[]";
        case Type::object:
            return "{}";
        case Type::number_unsigned:
            // Not an integer of TOML any more, and too large for every key.
            if (value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
                return nlohmann::json(value.get<double>()).dump();
            }
            break;
        default:
            break;
    }
    return value.dump();
}

}  // namespace

std::string toml_of(const nlohmann::json::object_t& object) {
    std::string toml;
    for (const auto& [key, value] : object) {
        if (!value.is_null()) toml += toml_string(key) + " = " + value_of(value) + "\n";
    }
    return toml;
}

std::string toml_line(std::string_view key, std::string_view value) {
    return std::string(key) + " = " + toml_string(value) + "\n";
}

}  // namespace admin
