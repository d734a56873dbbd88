#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/log_rows.h"
#include "storage/verification.h"

namespace storage {

/// Makes a new log at `copy` of what `found` says is sound in `damaged`, see repair_sqlite(). `rows` reads
/// the damaged log. Gives what could not be kept beside events, for the operator. False in `go_on` ends it.
/// Errors: as SQLite's. `copy` is then to be removed.
struct Salvaged {
    std::vector<std::string> notes;
    bool positions_kept = false;
};
[[nodiscard]] base::Result<Salvaged> salvage(const std::filesystem::path& damaged, LogRows& rows,
                                             const Verification& found, const std::filesystem::path& copy);

}  // namespace storage
