#include "storage/sqlite_maintenance.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace storage {

namespace {

using namespace std::chrono_literals;

constexpr auto kFirstDelay = 100ms;
constexpr auto kLongestDelay = 5s;

using Time = std::optional<WakeUp::Clock::time_point>;

Time earliest(std::initializer_list<Time> times) {
    Time result;
    for (const auto& time : times) {
        if (time && (!result || *time < *result)) result = time;
    }
    return result;
}

}  // namespace

void WakeUp::wait(const std::stop_token& stop, std::optional<Clock::time_point> until) {
    std::unique_lock lock(mutex_);
    const auto woken = [&] { return woken_; };
    if (until) {
        condition_.wait_until(lock, stop, *until, woken);
    } else {
        condition_.wait(lock, stop, woken);
    }
    woken_ = false;
}

SqliteMaintenance::SqliteMaintenance(std::filesystem::path file, WakeUp& wake_up, PayloadStager& stager,
                                     SqliteNodeStore& nodes, Checkpointer& checkpointer, WalFile& wal_file,
                                     SqlitePruner& pruner, base::Log log, base::Metrics& metrics)
    : file_(std::move(file)),
      wake_up_(wake_up),
      stager_(stager),
      nodes_(nodes),
      checkpointer_(checkpointer),
      wal_file_(wal_file),
      pruner_(pruner),
      log_(std::move(log)),
      staging_{.name = "storing a large payload", .failures = metrics.error("storage", "staging_failed")},
      storing_nodes_{.name = "storing a node's state",
                     .failures = metrics.error("storage", "node_state_failed")},
      checkpointing_{.name = "a checkpoint", .failures = metrics.error("storage", "checkpoint_failed")},
      pruning_{.name = "deleting old events", .failures = metrics.error("storage", "pruning_failed")},
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void SqliteMaintenance::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto next = earliest({run_checkpoints(), run_nodes(), run_stager(), run_pruner()});
        if (wal_file_.grow()) continue;
        wake_up_.wait(stop, next);
    }
    finish_nodes();
}

std::optional<SqliteMaintenance::Clock::time_point> SqliteMaintenance::run_checkpoints() {
    return attempt(checkpointing_, [this] { return checkpointer_.run(); });
}

std::optional<SqliteMaintenance::Clock::time_point> SqliteMaintenance::run_stager() {
    if (!stager_.has_work()) return std::nullopt;
    return attempt(staging_, [this] {
        stager_.step();
        return std::optional(Clock::now());
    });
}

std::optional<SqliteMaintenance::Clock::time_point> SqliteMaintenance::run_nodes() {
    if (!nodes_.has_work()) return std::nullopt;
    return attempt(storing_nodes_, [this] {
        nodes_.step();
        return std::optional(Clock::now());
    });
}

std::optional<SqliteMaintenance::Clock::time_point> SqliteMaintenance::run_pruner() {
    return attempt(pruning_, [this] { return pruner_.step(); });
}

void SqliteMaintenance::finish_nodes() {
    try {
        while (nodes_.has_work()) nodes_.step();
    } catch (const SqliteFailure& failure) {
        storing_nodes_.failures.Increment();
        log_->warn("{} failed at the end and is given up: {}", storing_nodes_.name,
                   to_error(failure, file_).message);
    }
}

template <class Task>
std::optional<SqliteMaintenance::Clock::time_point> SqliteMaintenance::attempt(Work& work, Task&& task) {
    if (Clock::now() < work.next_try) return work.next_try;
    try {
        const std::optional<Clock::time_point> next = task();
        succeeded(work);
        return next;
    } catch (const SqliteFailure& failure) {
        failed(work, failure);
        return work.next_try;
    }
}

void SqliteMaintenance::failed(Work& work, const SqliteFailure& failure) {
    const auto now = Clock::now();
    work.failures.Increment();
    work.delay = std::clamp<Clock::duration>(2 * work.delay, kFirstDelay, kLongestDelay);
    work.next_try = now + work.delay;
    if (work.failing_since) return;
    work.failing_since = now;
    log_->warn("{} failed and is tried again until it succeeds: {}", work.name,
               to_error(failure, file_).message);
}

void SqliteMaintenance::succeeded(Work& work) {
    work.delay = {};
    if (!work.failing_since) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - *work.failing_since);
    work.failing_since.reset();
    log_->info("{} succeeds again, after {} s", work.name, seconds.count());
}

}  // namespace storage
