#include "storage/checkpointer.h"

#include <algorithm>
#include <sqlite3.h>
#include <utility>

namespace storage {

namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 1s;          // without a commit: the writing pauses
constexpr auto kSpacing = 50ms;      // between two checkpoints, so that a reader in the way costs no spinning
constexpr int kSmallRemainder = 64;  // pages that may be moved while the publisher waits
constexpr int kMostPasses = 4;

}  // namespace

Checkpointer::Checkpointer(const std::filesystem::path& file, SqliteWriter& writer, std::uint32_t interval,
                           std::function<void()> wake)
    : writer_(writer),
      connection_(file, SqliteConnection::Mode::ReadWrite),
      interval_(static_cast<int>(interval)),
      wake_(std::move(wake)),
      due_at_(interval_) {
    connection_.execute("PRAGMA cache_size = -64");
    // What a crash left in the write-ahead log is moved in the first pause.
    unfinished_ = true;
    last_commit_ = Clock::now().time_since_epoch().count();
    sqlite3_wal_hook(writer_.connection().handle(), &Checkpointer::on_commit, this);
}

Checkpointer::~Checkpointer() {
    sqlite3_wal_hook(writer_.connection().handle(), nullptr, nullptr);
}

int Checkpointer::on_commit(void* self, sqlite3*, const char*, int pages) {
    auto& checkpointer = *static_cast<Checkpointer*>(self);
    const bool began_anew = pages < checkpointer.pages_.exchange(pages);
    if (began_anew) checkpointer.due_at_ = checkpointer.interval_;
    checkpointer.last_commit_ = Clock::now().time_since_epoch().count();
    const bool first = !checkpointer.unfinished_.exchange(true);
    if (first || pages >= checkpointer.due_at_) checkpointer.wake_();
    return SQLITE_OK;
}

std::optional<Checkpointer::Clock::time_point> Checkpointer::run() {
    if (!unfinished_) return std::nullopt;
    const auto now = Clock::now();
    if (now < not_before_) return not_before_;

    const auto pause_begins = Clock::time_point(Clock::duration(last_commit_)) + kPause;
    const bool idle = now >= pause_begins;
    const int pages = pages_;
    if (pages < moved_) moved_ = 0;  // the write-ahead log began anew
    if (!idle && pages - moved_ < interval_) {
        due_at_ = moved_ + interval_;
        return pause_begins;
    }
    return pass(now, idle);
}

std::optional<Checkpointer::Clock::time_point> Checkpointer::pass(Clock::time_point now, bool idle) {
    if (idle) unfinished_ = false;  // before looking: a commit from here on sets it again
    not_before_ = now + (idle ? Clock::duration(kPause) : Clock::duration(kSpacing));
    Progress progress;
    try {
        progress = pages_ > moved_ ? checkpoint(SQLITE_CHECKPOINT_PASSIVE)
                                   : checkpoint_alone(SQLITE_CHECKPOINT_PASSIVE);
    } catch (const SqliteFailure&) {
        unfinished_ = true;
        throw;
    }
    moved_ = progress.moved;

    if (!idle) {
        // Under constant load there is always a commit that a pass has not seen, so that the write-ahead log
        // would never begin anew by itself.
        if (progress.pages >= kLargestWal * interval_) begin_anew(progress);
        return not_before_;
    }
    if (!progress.complete()) {
        unfinished_ = true;
        return not_before_;
    }
    return std::nullopt;
}

void Checkpointer::begin_anew(Progress progress) {
    for (int i = 0; i < kMostPasses && progress.pages - progress.moved > kSmallRemainder; ++i) {
        progress = checkpoint(SQLITE_CHECKPOINT_PASSIVE);
    }
    moved_ = checkpoint_alone(SQLITE_CHECKPOINT_RESTART).moved;
}

/// SQLite before 3.51.3 can lose pages when a checkpoint of a fully copied log meets a commit that begins the
/// log anew (https://sqlite.org/wal.html#walresetbug): where nothing is known to be left to copy, nobody
/// commits.
Checkpointer::Progress Checkpointer::checkpoint_alone(int mode) {
    const auto turn = writer_.maintenance_turn();
    return checkpoint(mode);
}

Checkpointer::Progress Checkpointer::checkpoint(int mode) {
    Progress progress;
    const int code =
        sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr, mode, &progress.pages, &progress.moved);
    // Busy: a reader or a program of the operator is in the way of the last pages; the next pass gets them.
    if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) {
        progress.pages = std::max(progress.pages, 0);
        progress.moved = std::max(progress.moved, 0);
        return progress;
    }
    if (code != SQLITE_OK) {
        throw SqliteFailure(code, sqlite3_errmsg(connection_.handle()));
    }
    return progress;
}

}  // namespace storage
