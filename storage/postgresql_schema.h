#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "storage/event_log.h"
#include "storage/postgresql.h"
#include "storage/postgresql_head.h"

namespace storage {

/// The schema that this program writes; the row of the table `schema_version`.
[[nodiscard]] std::int64_t newest_postgresql_schema_version();

/// Makes the schema `event_sidecar`, or brings an older one to the newest; several instances may do so at
/// once. Errors: Invalid, when its tables are another program's or of a newer version of this one; they are
/// left alone. Throws PostgresqlFailure.
[[nodiscard]] base::Result<void> prepare_schema(PostgresqlConnection& connection,
                                                const PostgresqlOptions& options);

/// Whether there is a log that this program reads; changes nothing. Errors as prepare_schema(), and
/// Unavailable, when there is none. Throws PostgresqlFailure.
[[nodiscard]] base::Result<void> check_schema(PostgresqlConnection& connection,
                                              const PostgresqlOptions& options);

/// All throw PostgresqlFailure.
[[nodiscard]] PostgresqlHead load_head(PostgresqlConnection& connection);
[[nodiscard]] std::string load_feed_id(PostgresqlConnection& connection);
[[nodiscard]] Positions load_positions(PostgresqlConnection& connection, std::int64_t instance);

/// The number of the instance of that name, which is made if missing.
[[nodiscard]] std::int64_t instance_number(PostgresqlConnection& connection, const std::string& name);

/// Where an empty log begins; one that holds or held events goes on where it is. True if it was moved.
[[nodiscard]] bool begin_at(PostgresqlConnection& connection, base::EventId next);

/// Likewise, also below where it would begin by itself; only before the first append.
[[nodiscard]] bool begin_anywhere(PostgresqlConnection& connection, base::EventId first);

}  // namespace storage
