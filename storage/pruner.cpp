#include "storage/pruner.h"

#include <algorithm>
#include <utility>

namespace storage {

namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenLooks = 30s;
constexpr auto kBetweenTries = 50ms;
constexpr UnixMs kDay = UnixMs{24} * 3600 * 1000;

}  // namespace

Pruner::Pruner(std::unique_ptr<PrunedTables> tables, PayloadStager& stager, const RetentionOptions& options,
               base::Log log, UnixTime now)
    : tables_(std::move(tables)),
      stager_(stager),
      options_(options),
      log_(std::move(log)),
      now_(std::move(now)) {}

UnixMs Pruner::unix_time() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

bool Pruner::may_delete() const {
    return options_.max_age_in_days || options_.max_size_in_mb;
}

std::optional<Pruner::Clock::time_point> Pruner::step() {
    if (!may_delete()) return std::nullopt;
    const auto now = Clock::now();
    // The parts of payloads go after their events; until then the size is not what it will be.
    if (stager_.has_work()) return now + kBetweenTries;
    if (now >= next_look_) {
        if (const auto keep_from = first_to_keep(); keep_from != 0 && delete_events(keep_from)) return now;
        next_look_ = now + kBetweenLooks;
    }
    if (tables_->forget_keys(now_()) || tables_->give_back_space()) return now;
    return next_look_;
}

/// All that may go is below this id; 0: nothing is to go.
base::EventId Pruner::first_to_keep() {
    const auto state = tables_->state();
    const auto oldest = state.range.oldest;
    if (options_.max_age_in_days && young_from_ <= oldest) young_from_ = first_young_enough(state.range);
    if (young_from_ > oldest) return young_from_;
    if (!is_too_large(state)) return 0;
    if (!state.range.empty()) return std::min(state.range.next, oldest + kMostRowsPruned);
    if (!std::exchange(told_too_large_, true)) {
        log_->warn("[storage.retention] what is never deleted is larger than max_size_in_mb = {} by itself",
                   *options_.max_size_in_mb);
    }
    return 0;
}

/// The ids are in the order of time, but for small differences that do not matter over days.
base::EventId Pruner::first_young_enough(const Range& range) {
    const auto limit = now_() - static_cast<UnixMs>(*options_.max_age_in_days) * kDay;
    auto low = range.oldest;
    auto high = range.next;
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        const auto received = tables_->received_at(middle);
        if (received && *received < limit) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool Pruner::is_too_large(const PrunedTables::State& state) const {
    return options_.max_size_in_mb && state.bytes > *options_.max_size_in_mb * 1'000'000;
}

/// False: another instance is at it.
bool Pruner::delete_events(base::EventId to) {
    const auto deleted = tables_->delete_events(to, now_());
    if (!deleted) return false;
    deleted_ += deleted->events;
    for (const auto number : deleted->payloads) stager_.discard(number);
    return true;
}

}  // namespace storage
