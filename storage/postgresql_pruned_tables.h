#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/event_kind.h"
#include "storage/postgresql_head.h"
#include "storage/postgresql_pool.h"
#include "storage/pruned_tables.h"

namespace storage {

/// The deletion of old events in PostgreSQL: of several instances one at a time, step by step. Free space is
/// the server's to reuse (autovacuum). Throws PostgresqlFailure. One thread.
class PostgresqlPrunedTables final : public PrunedTables {
  public:
    /// `head` learns of the oldest id.
    PostgresqlPrunedTables(PostgresqlPool& pool, KnownHead& head, std::int64_t instance,
                           std::vector<base::Kind> kept);

    [[nodiscard]] State state() override;
    [[nodiscard]] std::optional<UnixMs> received_at(base::EventId id) override;
    [[nodiscard]] std::optional<std::vector<std::uint64_t>> delete_events(base::EventId to,
                                                                          UnixMs now) override;
    [[nodiscard]] bool forget_keys(UnixMs now) override;
    [[nodiscard]] bool give_back_space() override { return false; }

  private:
    using Session = PostgresqlPool::Session;

    [[nodiscard]] bool forget_hashes(Session& session);

    PostgresqlPool& pool_;
    KnownHead& head_;
    const std::int64_t instance_;
    const std::vector<base::Kind> kept_;
    base::EventId keys_forgotten_below_ = 0;
    std::int64_t last_hash_looked_at_ = 0;
};

}  // namespace storage
