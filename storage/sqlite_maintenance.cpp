#include "storage/sqlite_maintenance.h"

#include <algorithm>
#include <utility>

namespace storage {

namespace {

using namespace std::chrono_literals;

constexpr auto kFirstDelay = 100ms;
constexpr auto kLongestDelay = 5s;

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
                                     Checkpointer& checkpointer, WalFile& wal_file, base::Log log,
                                     base::Metrics& metrics)
    : file_(std::move(file)),
      wake_up_(wake_up),
      stager_(stager),
      checkpointer_(checkpointer),
      wal_file_(wal_file),
      log_(std::move(log)),
      staging_{.name = "storing a large payload", .failures = metrics.error("storage", "staging_failed")},
      checkpointing_{.name = "a checkpoint", .failures = metrics.error("storage", "checkpoint_failed")},
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void SqliteMaintenance::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto checkpoint_at = run_checkpoints();
        const auto staging_at = run_stager();
        if (wal_file_.grow()) continue;
        auto next = checkpoint_at;
        if (staging_at) next = std::min(*staging_at, checkpoint_at.value_or(*staging_at));
        wake_up_.wait(stop, next);
    }
}

std::optional<SqliteMaintenance::Clock::time_point> SqliteMaintenance::run_checkpoints() {
    if (Clock::now() < checkpointing_.next_try) return checkpointing_.next_try;
    try {
        const auto next = checkpointer_.run();
        succeeded(checkpointing_);
        return next;
    } catch (const SqliteFailure& failure) {
        failed(checkpointing_, failure);
        return checkpointing_.next_try;
    }
}

std::optional<SqliteMaintenance::Clock::time_point> SqliteMaintenance::run_stager() {
    if (!stager_.has_work()) return std::nullopt;
    if (Clock::now() < staging_.next_try) return staging_.next_try;
    try {
        stager_.step();
        succeeded(staging_);
        return Clock::now();
    } catch (const SqliteFailure& failure) {
        failed(staging_, failure);
        return staging_.next_try;
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
