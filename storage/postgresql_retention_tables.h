#pragma once

#include <string_view>

namespace storage {

/// What version 2 of the schema `event_sidecar` adds: the tables that the deletion of old events needs.
[[nodiscard]] std::string_view postgresql_tables_2();

/// Its functions; made anew with each new version.
[[nodiscard]] std::string_view postgresql_retention_functions();

}  // namespace storage
