#pragma once

#include <string>
#include <string_view>

#include "server/config_table.h"
#include "server/config_toml.h"

namespace server {

/// What is said of a name that is no key or section of this section: the nearest one that is.
[[nodiscard]] std::string unknown_message(Section section, std::string_view name, const TomlNode& node);

}  // namespace server
