#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace admin {

/// A JSON object's members as the keys of a TOML table, a line each; null is left out, as if the member were
/// not there. No member of a [[connections]] table is a list or a section: of those only the type is kept.
[[nodiscard]] std::string toml_of(const nlohmann::json::object_t& object);

/// One line: `key = "value"`.
[[nodiscard]] std::string toml_line(std::string_view key, std::string_view value);

}  // namespace admin
