#pragma once

#include <string>

namespace server {

/// The table of keys as Markdown, a table for each section: what docs/configuration.md holds between its
/// markers.
[[nodiscard]] std::string render_key_tables();

}  // namespace server
