#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "storage/checkpointer.h"
#include "storage/payload_stager.h"
#include "storage/sqlite_node_store.h"
#include "storage/sqlite_pruner.h"
#include "storage/wal_file.h"

namespace storage {

/// Lets a thread sleep until there is something to do. wake() from any thread.
class WakeUp {
  public:
    using Clock = std::chrono::steady_clock;

    void wake() {
        {
            const std::lock_guard lock(mutex_);
            woken_ = true;
        }
        condition_.notify_one();
    }

    /// Returns after a wake(), at `until`, or when a stop is requested.
    void wait(const std::stop_token& stop, std::optional<Clock::time_point> until);

  private:
    std::mutex mutex_;
    std::condition_variable_any condition_;
    bool woken_ = false;
};

/// The log's own thread: it stages payloads, stores what is known of the nodes, makes checkpoints and room
/// for commits, deletes what is old, and tries again when the database fails. At its end it stores once more
/// what is known of the nodes.
class SqliteMaintenance {
  public:
    SqliteMaintenance(std::filesystem::path file, WakeUp& wake_up, PayloadStager& stager,
                      SqliteNodeStore& nodes, Checkpointer& checkpointer, WalFile& wal_file,
                      SqlitePruner& pruner, base::Log log, base::Metrics& metrics);

  private:
    using Clock = WakeUp::Clock;

    /// One kind of work, with its failures: told at the beginning and at the end of an outage, spaced by a
    /// back-off.
    struct Work {
        std::string_view name;
        base::Counter& failures;
        std::optional<Clock::time_point> failing_since{};
        Clock::duration delay{};
        Clock::time_point next_try{};
    };

    void run(const std::stop_token& stop);
    [[nodiscard]] std::optional<Clock::time_point> run_checkpoints();
    [[nodiscard]] std::optional<Clock::time_point> run_stager();
    [[nodiscard]] std::optional<Clock::time_point> run_nodes();
    [[nodiscard]] std::optional<Clock::time_point> run_pruner();
    void finish_nodes();
    /// Runs the task, unless it failed a moment ago; when to call again: as the task says, or the back-off.
    template <class Task>
    [[nodiscard]] std::optional<Clock::time_point> attempt(Work& work, Task&& task);
    void failed(Work& work, const SqliteFailure& failure);
    void succeeded(Work& work);

    std::filesystem::path file_;
    WakeUp& wake_up_;
    PayloadStager& stager_;
    SqliteNodeStore& nodes_;
    Checkpointer& checkpointer_;
    WalFile& wal_file_;
    SqlitePruner& pruner_;
    base::Log log_;
    Work staging_;
    Work storing_nodes_;
    Work checkpointing_;
    Work pruning_;
    std::jthread thread_;  // last: it uses all the others
};

}  // namespace storage
