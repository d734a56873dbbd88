#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "postgresql_log.h"
#include "storage/payload_stager.h"
#include "storage/postgresql_payloads.h"
#include "storage/postgresql_pool.h"
#include "storage/postgresql_pruned_tables.h"
#include "storage/postgresql_schema.h"

namespace storage_test {

/// What an instance named "pruner" would delete with, beside the logs of the database; one step at a time.
/// All space that is free is to be given back.
class PostgresqlPruning {
  public:
    PostgresqlPruning(PostgresqlLog& log, std::vector<base::Kind> kept_kinds = {})
        : deadlines(std::chrono::seconds(30)),
          pool(std::get<storage::PostgresqlOptions>(log.options().database), deadlines, 2),
          instance(pool.use([](auto& session) { return instance_number(session.connection, "pruner"); })),
          head(pool.use([](auto& session) { return load_head(session.connection); })),
          stager(std::make_unique<storage::PostgresqlPayloads>(pool, instance), true, [] {}),
          kept(std::move(kept_kinds)),
          tables(pool, head, instance, kept, 0) {}

    [[nodiscard]] std::unique_ptr<storage::PostgresqlPrunedTables> make_tables() {
        return std::make_unique<storage::PostgresqlPrunedTables>(pool, head, instance, kept);
    }

    storage::Deadlines deadlines;
    storage::PostgresqlPool pool;
    std::int64_t instance;
    storage::KnownHead head;
    storage::PayloadStager stager;
    std::vector<base::Kind> kept;
    storage::PostgresqlPrunedTables tables;
};

}  // namespace storage_test
