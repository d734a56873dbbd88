#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/event_kind.h"
#include "storage/pruned_tables.h"
#include "storage/sqlite_writer.h"

namespace storage {

/// The deletion of old events in SQLite. Throws SqliteFailure. The maintenance thread, holding no turn.
class SqlitePrunedTables final : public PrunedTables {
  public:
    /// `oldest` is moved on as events go.
    SqlitePrunedTables(SqliteWriter& writer, std::vector<base::Kind> kept,
                       std::atomic<base::EventId>& oldest);

    [[nodiscard]] State state() override;
    [[nodiscard]] std::optional<UnixMs> received_at(base::EventId id) override;
    [[nodiscard]] std::optional<Deleted> delete_events(base::EventId to, UnixMs now) override;
    [[nodiscard]] bool forget_keys(UnixMs now) override;
    [[nodiscard]] bool give_back_space() override;

  private:
    [[nodiscard]] bool keeps(std::int64_t kind) const;
    [[nodiscard]] std::uint64_t bytes_of_old_keys();
    [[nodiscard]] base::EventId delete_some(base::EventId from, base::EventId to, Deleted& deleted);
    void delete_event(base::EventId id, Blob chain_hash, std::optional<std::uint64_t> payload);
    void note_oldest(base::EventId oldest, UnixMs now);
    [[nodiscard]] bool forget_signatures(base::EventId below);

    SqliteWriter& writer_;
    const std::vector<base::Kind> kept_;
    std::atomic<base::EventId>& oldest_;
    base::EventId keys_forgotten_below_ = 0;
    std::int64_t last_block_looked_at_ = 0;

    // Below the oldest id there are the kept kinds, but in a log that was repaired also what is older than
    // the lost events: once the oldest may go, that may. Once in a process it is looked through.
    std::optional<base::EventId> sweep_to_;
    base::EventId swept_to_ = 1;

    SqliteStatement next_id_;
    SqliteStatement received_;
    SqliteStatement candidates_;
    SqliteStatement delete_event_;
    SqliteStatement release_payload_;
    SqliteStatement extend_run_;
    SqliteStatement add_run_;
    SqliteStatement set_oldest_;
    SqliteStatement note_oldest_;
    SqliteStatement drop_old_notes_;
    SqliteStatement oldest_a_day_ago_;
    SqliteStatement first_noted_;
    SqliteStatement forget_keys_;
    SqliteStatement next_block_;
    SqliteStatement event_exists_;
    SqliteStatement forget_signatures_;
    SqliteStatement forget_block_;
    SqliteStatement vacuum_;
};

}  // namespace storage
