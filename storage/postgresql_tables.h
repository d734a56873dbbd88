#pragma once

#include <string_view>

namespace storage {

/// The schema `event_sidecar` as version 1 of it is made.
[[nodiscard]] std::string_view postgresql_tables_1();

/// Adds the table of gaps in the nodes' ids.
[[nodiscard]] std::string_view postgresql_tables_3();
[[nodiscard]] std::string_view postgresql_tables_4();

/// Indexes for queries.
[[nodiscard]] std::string_view postgresql_tables_4();

/// The functions of that schema; made anew with each new version.
[[nodiscard]] std::string_view postgresql_functions();

}  // namespace storage
