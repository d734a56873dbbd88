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

/// The deletion of old events in PostgreSQL: of several instances one at a time, step by step. Rows that are
/// deleted become free space by the server's autovacuum, which is used again; where it is more than the log
/// needs, the rows at the end of the table move into it, and the next autovacuum cuts the file. Throws
/// PostgresqlFailure. One thread.
class PostgresqlPrunedTables final : public PrunedTables {
  public:
    static constexpr std::int64_t kSpareBytes = std::int64_t{64} << 20U;

    /// `head` learns of the oldest id. So much free space is no reason to move anything.
    PostgresqlPrunedTables(PostgresqlPool& pool, KnownHead& head, std::int64_t instance,
                           std::vector<base::Kind> kept, std::int64_t spare_bytes = kSpareBytes);

    [[nodiscard]] State state() override;
    [[nodiscard]] std::optional<UnixMs> received_at(base::EventId id) override;
    [[nodiscard]] std::optional<Deleted> delete_events(base::EventId to, UnixMs now) override;
    [[nodiscard]] bool forget_keys(UnixMs now) override;
    [[nodiscard]] bool give_back_space() override;

  private:
    using Session = PostgresqlPool::Session;

    [[nodiscard]] bool forget_hashes(Session& session);
    [[nodiscard]] bool begins_to_compact(Session& session);

    PostgresqlPool& pool_;
    KnownHead& head_;
    const std::int64_t instance_;
    const std::vector<base::Kind> kept_;
    const std::int64_t spare_bytes_;
    base::EventId keys_forgotten_below_ = 0;
    std::int64_t last_hash_looked_at_ = 0;
    std::optional<std::int64_t> compacted_down_to_;  ///< a page; nothing: not at it
    std::int64_t vacuums_seen_ = 0;                  ///< when it was last begun
};

}  // namespace storage
