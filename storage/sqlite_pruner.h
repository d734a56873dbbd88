#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/log.h"
#include "storage/payload_stager.h"
#include "storage/retention_options.h"
#include "storage/sqlite_writer.h"

namespace storage {

/// Deletes the oldest events, as the options say, in small transactions between the appends, and gives the
/// space back to the file system. The natural keys stay known for a day, so that a node's replay does not
/// bring the events back; then they go, too. The maintenance thread, holding no turn.
class SqlitePruner {
  public:
    using Clock = std::chrono::steady_clock;
    /// Milliseconds since 1970.
    using UnixTime = std::function<std::int64_t()>;

    static constexpr std::int64_t kKeysAreKnownFor = std::int64_t{24} * 3600 * 1000;  ///< milliseconds

    /// `oldest` is moved on as events go.
    SqlitePruner(SqliteWriter& writer, PayloadStager& stager, const RetentionOptions& options,
                 std::atomic<base::EventId>& oldest, base::Log log, UnixTime now);

    /// Does one small transaction of what there is to do; when to call again, if ever. Throws SqliteFailure;
    /// then nothing has changed.
    [[nodiscard]] std::optional<Clock::time_point> step();

  private:
    [[nodiscard]] bool deletes() const { return options_.max_age_in_days || options_.max_size_in_mb; }
    [[nodiscard]] bool keeps(std::int64_t kind) const;
    [[nodiscard]] base::EventId first_to_keep();
    [[nodiscard]] base::EventId first_young_enough(base::EventId next);
    [[nodiscard]] bool is_too_large();
    void prune(base::EventId to);
    [[nodiscard]] bool sweep_below();
    [[nodiscard]] base::EventId delete_some(base::EventId from, base::EventId to, bool moves_oldest);
    void delete_event(base::EventId id, Blob chain_hash, std::optional<std::uint64_t> payload);
    void note_oldest(base::EventId oldest);
    [[nodiscard]] base::EventId forgotten_from();
    [[nodiscard]] bool forget_keys();
    [[nodiscard]] bool forget_signatures(base::EventId below);
    [[nodiscard]] bool give_back_space();

    SqliteWriter& writer_;
    PayloadStager& stager_;
    const RetentionOptions options_;
    std::atomic<base::EventId>& oldest_;
    const base::Log log_;
    const UnixTime now_;
    Clock::time_point next_look_{};
    std::optional<base::EventId> sweep_to_;
    base::EventId swept_to_ = 1;
    base::EventId keys_forgotten_below_ = 0;
    std::int64_t last_block_looked_at_ = 0;
    bool told_too_large_ = false;

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
    SqliteStatement forget_keys_;
    SqliteStatement next_block_;
    SqliteStatement event_exists_;
    SqliteStatement forget_signatures_;
    SqliteStatement forget_block_;
};

}  // namespace storage
