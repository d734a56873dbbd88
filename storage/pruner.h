#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/log.h"
#include "storage/payload_stager.h"
#include "storage/pruned_tables.h"
#include "storage/retention_options.h"

namespace storage {

/// Deletes the oldest events, as the options say, in small transactions between the appends, and gives the
/// space back. The natural keys stay known for a day, so that a node's replay does not bring the events back;
/// then they go, too. The maintenance thread.
class Pruner {
  public:
    using Clock = std::chrono::steady_clock;
    using UnixTime = std::function<UnixMs()>;

    /// `tables` keep what the options keep.
    Pruner(std::unique_ptr<PrunedTables> tables, PayloadStager& stager, const RetentionOptions& options,
           base::Log log, UnixTime now = unix_time);

    /// Does one small transaction of what there is to do; when to call again, if ever. Throws as the tables
    /// do; then nothing has changed.
    [[nodiscard]] std::optional<Clock::time_point> step();

    /// How many events it has deleted. Any thread.
    [[nodiscard]] std::uint64_t deleted() const { return deleted_; }

  private:
    [[nodiscard]] static UnixMs unix_time();
    [[nodiscard]] bool may_delete() const;
    [[nodiscard]] base::EventId first_to_keep();
    [[nodiscard]] base::EventId first_young_enough(const Range& range);
    [[nodiscard]] bool is_too_large(const PrunedTables::State& state) const;
    [[nodiscard]] bool delete_events(base::EventId to);

    const std::unique_ptr<PrunedTables> tables_;
    PayloadStager& stager_;
    const RetentionOptions options_;
    const base::Log log_;
    const UnixTime now_;
    Clock::time_point next_look_{};
    base::EventId young_from_ = 0;  ///< as of the last look that found something
    bool told_too_large_ = false;
    std::atomic<std::uint64_t> deleted_ = 0;
};

}  // namespace storage
