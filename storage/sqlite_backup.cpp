#include "storage/sqlite_backup.h"

#include <memory>
#include <sqlite3.h>
#include <string>
#include <utility>

#include "storage/durable_file.h"
#include "storage/lock_file.h"
#include "storage/sqlite.h"
#include "storage/sqlite_schema.h"

namespace storage {

namespace {

namespace fs = std::filesystem;

constexpr int kPagesAtOnce = 256;
// What was written is given to the disk piece by piece: a sidecar's commit waits for the disk to write what
// was written before it, of whatever process.
constexpr std::uint64_t kBytesBetweenSyncs = std::uint64_t{4} << 20U;

struct Finish {
    void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

fs::path partial(const fs::path& copy) {
    return copy.string() + ".partial";
}

void remove_partial(const fs::path& copy) {
    std::error_code ignored;
    fs::remove(partial(copy), ignored);
    fs::remove(partial(copy).string() + "-journal", ignored);
}

base::Result<void> check_target(const fs::path& file, const fs::path& copy) {
    std::error_code error;
    if (!fs::exists(copy, error)) return {};
    if (fs::equivalent(file, copy, error)) return base::invalid(copy.string() + " is the log itself");
    const auto inspected = inspect_database_file(copy);
    const bool ours = inspected && *inspected == DatabaseFile::Ours;
    const bool in_use =
        LockFile::is_held(copy.string() + ".lock") ||
        (fs::exists(copy.string() + "-wal", error) && fs::file_size(copy.string() + "-wal", error) > 0);
    if (ours && !in_use) return {};
    return base::invalid(copy.string() + (ours ? " is a log in use" : " exists and is no copy of a log") +
                         "; choose another FILE");
}

class Copying {
  public:
    Copying(const fs::path& file, const fs::path& copy)
        : file_(file),
          copy_(partial(copy)),
          source_(file, SqliteConnection::Mode::ReadOnly),
          target_(copy_, SqliteConnection::Mode::ReadWriteCreate) {
        source_.busy_timeout(1000);
        target_.execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA cache_size = -2048");
    }

    base::Result<Backup> run(const BackupOptions& options) {
        // It stays open: without it SQLite would begin anew whenever the sidecar commits, and never end.
        const SqliteTransaction snapshot(source_, SqliteTransaction::Kind::Read);
        const auto page = static_cast<std::uint64_t>(source_.integer("PRAGMA page_size"));
        const auto version = source_.integer("PRAGMA user_version");
        if (version > newest_schema_version()) return newer_schema(file_, version);
        const std::unique_ptr<sqlite3_backup, Finish> backup(
            sqlite3_backup_init(target_.handle(), "main", source_.handle(), "main"));
        if (!backup) throw SqliteFailure(sqlite3_errcode(target_.handle()), sqlite3_errmsg(target_.handle()));
        Backup result;
        for (std::uint64_t synced = 0;;) {
            const int code = sqlite3_backup_step(backup.get(), kPagesAtOnce);
            const auto all = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup.get()));
            const auto left = static_cast<std::uint64_t>(sqlite3_backup_remaining(backup.get()));
            result.bytes = (all - left) * page;
            if (code == SQLITE_DONE) return result;
            if (code != SQLITE_OK) throw SqliteFailure(code, sqlite3_errstr(code));
            if (options.progress)
                options.progress(static_cast<double>(all - left) / static_cast<double>(all), result.bytes);
            result.stopped = options.stop && options.stop();
            if (result.stopped) return result;
            if (result.bytes - synced < kBytesBetweenSyncs) continue;
            if (const auto durable = make_durable(copy_); !durable) return durable.error();
            synced = result.bytes;
        }
    }

  private:
    const fs::path file_;
    const fs::path copy_;
    SqliteConnection source_;
    SqliteConnection target_;
};

base::Result<Backup> back_up(const fs::path& file, const fs::path& copy, const BackupOptions& options) {
    try {
        auto done = Copying(file, copy).run(options);
        if (!done || done->stopped) return done;
        if (const auto durable = make_durable(partial(copy)); !durable) return durable.error();
        if (const auto moved = move_durably(partial(copy), copy); !moved) return moved.error();
        return done;
    } catch (const SqliteFailure& failure) {
        const bool of_copy =
            failure.primary_code() == SQLITE_FULL || failure.primary_code() == SQLITE_CANTOPEN;
        return to_error(failure, of_copy ? copy : file);
    }
}

}  // namespace

base::Result<Backup> back_up_sqlite(const fs::path& file, const fs::path& copy,
                                    const BackupOptions& options) {
    const auto inspected = inspect_database_file(file);
    if (!inspected) return inspected.error();
    if (*inspected == DatabaseFile::New) return no_log_in(file);
    if (const auto checked = check_target(file, copy); !checked) return checked.error();
    remove_partial(copy);
    auto done = back_up(file, copy, options);
    if (!done || done->stopped) remove_partial(copy);
    return done;
}

}  // namespace storage
