#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "storage/sqlite_writer.h"

namespace storage {

/// Moves the write-ahead log into the main file, on a connection of its own, beside the appends: the work is
/// done without a lock that an append would wait for; a turn of the writer is taken only for the last few
/// pages.
class Checkpointer {
  public:
    using Clock = std::chrono::steady_clock;

    /// How large the write-ahead log may become before it is made to begin anew, in intervals.
    static constexpr int kLargestWal = 4;

    /// A checkpoint is due once `interval` pages (from 1 to a million) were written since the last; and after
    /// a pause of the writing. `wake` is called after a commit that made run() worth calling. Watches the
    /// writer's commits from now on.
    Checkpointer(const std::filesystem::path& file, SqliteWriter& writer, std::uint32_t interval,
                 std::function<void()> wake);
    ~Checkpointer();
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

    /// Does what is due; the time at which to call again, if any. Throws SqliteFailure. The maintenance
    /// thread.
    [[nodiscard]] std::optional<Clock::time_point> run();

  private:
    struct Progress {
        int pages = 0;  // in the write-ahead log
        int moved = 0;  // of them, into the main file
        [[nodiscard]] bool complete() const { return pages == moved; }
    };

    static int on_commit(void* self, struct sqlite3*, const char* schema, int pages);
    [[nodiscard]] Progress checkpoint(int mode);
    [[nodiscard]] Progress checkpoint_alone(int mode);
    [[nodiscard]] std::optional<Clock::time_point> pass(Clock::time_point now, bool idle);
    void begin_anew(Progress progress);

    SqliteWriter& writer_;
    SqliteConnection connection_;
    int interval_;
    std::function<void()> wake_;

    std::atomic<int> pages_{0};  // as of the last commit
    std::atomic<int> due_at_;    // pages at which the next checkpoint is due
    std::atomic<Clock::rep> last_commit_{0};
    std::atomic<bool> unfinished_{false};  // there are commits that no complete checkpoint has seen

    // The maintenance thread's.
    int moved_ = 0;
    Clock::time_point not_before_{};
};

}  // namespace storage
