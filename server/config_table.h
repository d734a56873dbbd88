#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/config_key.h"

namespace server {

/// Every section, in the order of the documentation; parents before their children.
[[nodiscard]] std::span<const SectionRow> config_sections();

/// THE table of configuration keys: loader, messages and documentation all follow it.
[[nodiscard]] std::span<const KeyRow> config_keys();

/// A configuration of which nothing is set yet.
[[nodiscard]] ConfigDraft default_draft();

[[nodiscard]] const SectionRow& row_of(Section section);
[[nodiscard]] const SectionRow* find_section(Section parent, std::string_view name);
[[nodiscard]] const KeyRow* find_key(Section section, std::string_view name);

/// "storage.sqlite_config"; empty for the top level.
[[nodiscard]] std::string path_of(Section section);

}  // namespace server
