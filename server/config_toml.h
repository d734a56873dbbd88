#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "server/config.h"

namespace server {

struct TomlEntry;

/// One value of a TOML document (TOML 1.0) with the line that it starts on.
struct TomlNode {
    struct DateOrTime {};
    using Array = std::vector<TomlNode>;
    using Table = std::vector<TomlEntry>;

    unsigned line = 0;
    std::variant<bool, std::int64_t, double, std::string, DateOrTime, Array, Table> value;
};

struct TomlEntry {
    std::string key;
    TomlNode node;
};

/// What could be read of a document, and what could not. After a faulty line that stands alone the reading
/// goes on without it, so that the rest can still be checked; `complete` is false when the rest could not be
/// read.
struct TomlDocument {
    TomlNode::Table root;
    std::vector<ConfigProblem> problems;
    bool complete = true;
};

/// No message repeats text of the document other than a key's name: a line may hold a secret.
[[nodiscard]] TomlDocument parse_toml(std::string_view text);

/// "an integer", "a string" and so on.
[[nodiscard]] std::string_view type_name(const TomlNode& node);

}  // namespace server
