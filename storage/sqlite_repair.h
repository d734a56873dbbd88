#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "storage/verification.h"

namespace storage {

/// What a repair did.
struct Repair {
    enum class Outcome : std::uint8_t {
        Sound,     ///< nothing was damaged, and nothing was changed
        Repaired,  ///< the log is sound again
        Finished,  ///< an earlier repair, which had been interrupted, is in its place now
        Stopped,   ///< nothing was changed
    };
    Outcome outcome = Outcome::Sound;
    Verification found;                 ///< what was damaged; not of an earlier repair
    Verification kept;                  ///< the repaired log; likewise
    std::filesystem::path aside;        ///< where the damaged file is now
    bool nodes_are_read_again = false;  ///< all that the nodes still hold, as events were lost
    std::vector<std::string> notes;     ///< what else could not be kept
};

/// Keeps what is sound of an SQLite log on which no sidecar works. The sound events are copied, under their
/// ids, into a new database beside it; lost events become runs of deleted ones, `oldest_id` moves above them,
/// so that subscribers are told of a gap, and their keys are forgotten with the nodes' positions, so that a
/// node's replay brings back what it still holds, under new ids. No id is given again. The copy is checked
/// like any log; then it takes the damaged file's place, which is moved aside with its write-ahead log. When
/// the process is killed before the copy is complete, nothing has changed; afterwards the log is refused
/// until repair_sqlite() was called again. Errors: Unavailable, when a sidecar works on the log or the disk
/// is full; Corrupt, when nothing can be kept; Invalid, when it is no log of this schema.
[[nodiscard]] base::Result<Repair> repair_sqlite(const std::filesystem::path& file,
                                                 const VerifyOptions& options);

}  // namespace storage
