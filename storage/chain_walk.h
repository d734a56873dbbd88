#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/chain_hash.h"
#include "storage/damage.h"
#include "storage/log_rows.h"

namespace storage {

/// Follows the chain of hashes over a log, event by event. An event is sound when the hash before it, which
/// is itself sound, and its own content give its own hash; or when what comes after says so. What nothing
/// proves is damaged. Pure.
class ChainWalk {
  public:
    /// Events that are lost, as a run of deleted ones would be recorded.
    struct Lost {
        LogRun run;
    };
    /// A sound event whose stored hash is not, and what it should be.
    struct Rehashed {
        base::EventId id = 0;
        Digest chain{};
    };

    /// `before`: the hash before the event `first`; none: not known, so that nothing proves the first event.
    ChainWalk(base::EventId first, std::optional<Digest> before) : next_(first), before_(before) {}

    /// What comes next, ids ascending.
    void row(const LogRow& row);
    void run(const LogRun& run);
    /// There is no more, and this is what the head says.
    void end(const std::optional<LogEnd>& head);

    [[nodiscard]] const std::vector<Damage>& damages() const { return damages_; }
    [[nodiscard]] const std::vector<Lost>& lost() const { return lost_; }
    [[nodiscard]] const std::vector<Rehashed>& rehashed() const { return rehashed_; }
    [[nodiscard]] const std::vector<LogRun>& runs() const { return runs_; }

    [[nodiscard]] std::uint64_t events() const { return events_; }  ///< that were sound
    /// The id after the last one seen.
    [[nodiscard]] base::EventId next() const { return next_; }
    /// The hash up to there, as far as the log tells it.
    [[nodiscard]] const std::optional<Digest>& chain() const { return before_; }

  private:
    /// Events of which it is not known yet what is wrong with them: what follows tells.
    struct Pending {
        base::EventId first = 0;
        std::vector<Damage> parts;
        std::optional<Digest> stored;    ///< the last one's hash, if that is right
        std::optional<Digest> computed;  ///< if its content is; of a single event only
    };

    [[nodiscard]] std::optional<Digest> hash(const std::optional<Digest>& before, const LogRow& row);
    [[nodiscard]] bool settle(const LogRow& row);
    void sound(base::EventId id, const Digest& chain);
    void doubt(const LogRow& row, std::optional<Digest> computed);
    void miss_up_to(base::EventId id);
    void add_part(Damage part);
    void close(const Digest& chain);
    void close_rehashed(const Digest& chain);
    void report(Damage damage);
    void check_head(const LogEnd& head);

    base::EventId next_;
    std::optional<Digest> before_;
    std::optional<Pending> pending_;
    Sha256 sha256_;

    std::uint64_t events_ = 0;
    std::vector<Damage> damages_;
    std::vector<Lost> lost_;
    std::vector<Rehashed> rehashed_;
    std::vector<LogRun> runs_;
};

}  // namespace storage
