#include "storage/sqlite_repair.h"

#include <array>
#include <ctime>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "storage/durable_file.h"
#include "storage/lock_file.h"
#include "storage/sqlite_log_rows.h"
#include "storage/sqlite_salvage.h"
#include "storage/sqlite_schema.h"

namespace storage {

namespace {

namespace fs = std::filesystem;

fs::path with(const fs::path& file, std::string_view suffix) {
    return file.string() + std::string(suffix);
}

void remove_database(const fs::path& file) {
    std::error_code ignored;
    for (const auto* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(with(file, suffix), ignored);
}

/// Whoever runs the repair: the sidecar's user must be able to write the file.
void take_over_owner(const fs::path& from, const fs::path& to) {
    struct stat status {};
    if (::stat(from.c_str(), &status) != 0) return;
    (void)!::chown(to.c_str(), status.st_uid, status.st_gid);
    (void)!::chmod(to.c_str(), status.st_mode & 0777U);
}

/// The same whenever the end of a repair is tried: it follows from the repaired copy's time.
fs::path name_aside(const fs::path& file) {
    struct stat status {};
    ::stat(repaired_file(file).c_str(), &status);
    std::tm time{};
    ::gmtime_r(&status.st_mtime, &time);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), ".damaged-%Y%m%dT%H%M%SZ", &time);
    auto aside = with(file, text.data());
    while (fs::exists(aside) && fs::exists(file)) aside += "-1";
    return aside;
}

/// The damaged file's write-ahead log goes first: it must never meet the repaired file. Until the last step
/// the log is refused, as repaired_file() is there.
base::Result<fs::path> put_in_place(const fs::path& file) {
    const auto aside = name_aside(file);
    for (const auto* suffix : {"-wal", "-shm", ""}) {
        if (!fs::exists(with(file, suffix))) continue;
        if (const auto moved = move_durably(with(file, suffix), with(aside, suffix)); !moved)
            return moved.error();
    }
    if (const auto moved = move_durably(repaired_file(file), file); !moved) return moved.error();
    return aside;
}

/// What a copy is worth: it is checked as any log is.
base::Result<Verification> check_copy(const fs::path& copy, const Verification& found,
                                      const VerifyOptions& options) {
    const auto rows = open_sqlite_log_rows(copy, LogRowsUse::Alone);
    if (!rows) return rows.error();
    auto kept = verify(**rows, {.from = 0, .progress = options.progress, .stop = options.stop});
    if (!kept || kept->stopped) return kept;
    if (!kept->sound() || kept->events != found.events) {
        return base::corrupt("the repaired copy of the log does not verify" +
                             (kept->damages.empty() ? std::string() : ": " + kept->damages.front().what) +
                             "; nothing was changed: restore a backup");
    }
    return kept;
}

/// The copy is complete, sound and durable under its final name but one.
base::Result<Repair> build(const fs::path& file, LogRows& rows, Verification found,
                           const VerifyOptions& options) {
    const auto copy = with(file, ".repairing");
    remove_database(copy);
    const auto salvaged = salvage(file, rows, found, copy);
    if (!salvaged) return salvaged.error();
    auto kept = check_copy(copy, found, options);
    if (!kept) return kept.error();
    Repair repair{.outcome = kept->stopped ? Repair::Outcome::Stopped : Repair::Outcome::Repaired,
                  .found = std::move(found),
                  .kept = std::move(*kept),
                  .aside = {},
                  .nodes_are_read_again = !salvaged->positions_kept,
                  .notes = salvaged->notes};
    if (repair.outcome == Repair::Outcome::Stopped) return repair;
    std::error_code ignored;
    fs::remove(with(copy, "-shm"), ignored);
    fs::remove(with(copy, "-wal"), ignored);  // salvage() emptied it, and nothing was written since
    take_over_owner(file, copy);
    if (const auto durable = make_durable(copy); !durable) return durable.error();
    if (const auto moved = move_durably(copy, repaired_file(file)); !moved) return moved.error();
    return repair;
}

base::Result<Repair> repair_locked(const fs::path& file, const VerifyOptions& options) {
    Repair repair;
    if (fs::exists(repaired_file(file))) {
        repair.outcome = Repair::Outcome::Finished;
    } else {
        const auto rows = open_sqlite_log_rows(file, LogRowsUse::Alone);
        if (!rows) return rows.error();
        auto found = verify(**rows, {.from = 0, .progress = options.progress, .stop = options.stop});
        if (!found) return found.error();
        if (found->stopped || found->sound()) {
            repair.outcome = found->stopped ? Repair::Outcome::Stopped : Repair::Outcome::Sound;
            repair.found = std::move(*found);
            return repair;
        }
        auto built = build(file, **rows, std::move(*found), options);
        if (!built || built->outcome == Repair::Outcome::Stopped) {
            remove_database(with(file, ".repairing"));
            return built;
        }
        repair = std::move(*built);
    }
    auto aside = put_in_place(file);
    if (!aside) return aside.error();
    repair.aside = std::move(*aside);
    return repair;
}

}  // namespace

base::Result<Repair> repair_sqlite(const fs::path& file, const VerifyOptions& options) {
    std::error_code error;
    if (!fs::exists(file, error) && !fs::exists(repaired_file(file), error)) return no_log_in(file);
    if (!fs::exists(repaired_file(file), error)) {
        if (const auto inspected = inspect_database_file(file); !inspected) return inspected.error();
    }
    const auto lock = LockFile::acquire(with(file, ".lock"));
    if (!lock) return lock.error();
    return repair_locked(file, options);
}

}  // namespace storage
