#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "storage/chain_hash.h"
#include "storage/chain_walk.h"
#include "storage/damage.h"
#include "storage/log_rows.h"

namespace storage {

/// What came of checking a log.
struct Verification {
    base::EventId first = 0;  ///< the ids that were checked; 0: there were none
    base::EventId last = 0;
    std::uint64_t events = 0;   ///< that are sound
    std::uint64_t deleted = 0;  ///< ids recorded as deleted
    Digest chain{};             ///< up to the last id
    std::vector<Damage> damages;
    std::vector<std::string> notes;
    bool stopped = false;  ///< before the end; then `last` is how far it came

    // What a repair needs.
    std::vector<ChainWalk::Lost> lost;
    std::vector<ChainWalk::Rehashed> rehashed;
    std::vector<LogRun> runs;

    [[nodiscard]] bool sound() const { return damages.empty(); }
};

struct VerifyOptions {
    base::EventId from = 0;  ///< 0: from the first id on
    /// Told how much of 1 is done, and of how many events; may be empty.
    std::function<void(double done, std::uint64_t events)> progress{};
    std::function<bool()> stop{};  ///< whether to end early; may be empty
};

/// Checks a log up to its newest event: follows the chain of hashes over what every event's row gives back,
/// and compares the head, the keys and what else is kept. Events that are appended or deleted meanwhile are
/// no damage. Blocks; memory: a page of the log, and what is damaged. Errors: those after which nothing can
/// be read.
[[nodiscard]] base::Result<Verification> verify(LogRows& log, const VerifyOptions& options);

/// The chain's damages from an event on, up to the newest.
[[nodiscard]] base::Result<std::vector<Damage>> check_chain(LogRows& log, base::EventId from);

}  // namespace storage
