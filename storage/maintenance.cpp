#include "storage/maintenance.h"

#include <algorithm>
#include <utility>

namespace storage {

namespace {

using namespace std::chrono_literals;

constexpr auto kFirstDelay = 100ms;
constexpr auto kLongestDelay = 5s;
constexpr auto kBetweenWordsOfDamage = 10min;

Maintenance::Time earlier(Maintenance::Time a, Maintenance::Time b) {
    if (!a || !b) return a ? a : b;
    return std::min(*a, *b);
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

Maintenance::Maintenance(WakeUp& wake_up, std::vector<Task> tasks, std::function<bool()> idle, base::Log log)
    : wake_up_(wake_up), idle_(std::move(idle)), log_(std::move(log)) {
    for (auto& task : tasks) works_.push_back({.task = std::move(task)});
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Maintenance::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        Time next;
        for (auto& work : works_) next = earlier(next, attempt(work));
        if (idle_ && idle_()) continue;
        wake_up_.wait(stop, next);
    }
    finish();
}

void Maintenance::finish() {
    for (auto& work : works_) {
        if (!work.task.finish) continue;
        const auto finished = work.task.finish();
        if (finished) continue;
        work.task.failures.Increment();
        log_->warn("{} failed at the end and is given up: {}", work.task.name, finished.error().message);
    }
}

Maintenance::Time Maintenance::attempt(Work& work) {
    if (Clock::now() < work.next_try) return work.next_try;
    const auto next = work.task.step();
    if (next) {
        succeeded(work);
        return *next;
    }
    failed(work, next.error());
    return work.next_try;
}

void Maintenance::failed(Work& work, const base::Error& error) {
    const auto now = Clock::now();
    work.task.failures.Increment();
    work.delay = std::clamp<Clock::duration>(2 * work.delay, kFirstDelay, kLongestDelay);
    work.next_try = now + work.delay;
    if (!work.failing_since) work.failing_since = now;
    if (error.category == base::Error::Category::Corrupt) return tell_of_damage(work, error);
    if (std::exchange(work.told, true)) return;
    log_->warn("{} failed and is tried again until it succeeds: {}", work.task.name, error.message);
}

/// It will not go away by itself.
void Maintenance::tell_of_damage(Work& work, const base::Error& error) {
    const auto now = Clock::now();
    if (work.damage_told_at && now - *work.damage_told_at < kBetweenWordsOfDamage) return;
    work.damage_told_at = now;
    log_->error("{} fails, as the log is damaged: {}", work.task.name, error.message);
}

void Maintenance::succeeded(Work& work) {
    work.delay = {};
    if (!work.failing_since) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - *work.failing_since);
    work.failing_since.reset();
    work.damage_told_at.reset();
    work.told = false;
    log_->info("{} succeeds again, after {} s", work.task.name, seconds.count());
}

}  // namespace storage
