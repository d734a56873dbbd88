#pragma once

#include "storage/sqlite.h"

namespace storage {

/// Brings a log of schema 2 to schema 3: packed payloads, chain hashes, signatures by number. Takes as long
/// as it takes to write every event anew; within the caller's transaction. Throws SqliteFailure.
void migrate_to_schema_3(const SqliteConnection& connection);

}  // namespace storage
