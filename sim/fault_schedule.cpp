#include "sim/fault_schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "sim/text.h"
#include "sim/units.h"

namespace sim {
namespace {

constexpr std::array<std::string_view, 7> kStormKinds{"drop",      "stop",   "silent",    "restart",
                                                      "malformed", "answer", "half-frame"};

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string details_of(std::string_view kind, Random& random) {
    static constexpr std::array<std::string_view, 4> kFaultEndpoints{"all", "main", "deploys", "sigs"};
    static constexpr std::array<std::string_view, 5> kWhat{"bad-json", "unknown-kind", "missing-id",
                                                           "garbage", "half-utf8"};
    const std::string duration = " for=" + std::to_string(random.between(200, 2000)) + "ms";
    const std::string endpoint =
        " endpoint=" + std::string(kFaultEndpoints[random.below(kFaultEndpoints.size())]);
    if (kind == "drop") return endpoint + (random.one_in(2) ? " how=reset" : " how=close");
    if (kind == "stop" || kind == "restart") return duration;
    if (kind == "silent") return endpoint + duration;
    if (kind == "answer") return endpoint + duration + (random.one_in(2) ? " status=404" : " status=500");
    if (kind == "malformed") return " what=" + std::string(kWhat[random.below(kWhat.size())]) + endpoint;
    return endpoint;
}

}  // namespace

base::Result<StormOptions> parse_storm(std::string_view text) {
    const auto parts = split(text, ',');
    const auto wrong = [&](const std::string& why) {
        return base::invalid("fault storm '" + std::string(text) + "': " + why);
    };
    if (parts.size() < 2 || parts.size() > 3) return wrong("write SEED,MEAN_INTERVAL[,KIND+KIND...]");
    const auto seed = parse_number(parts[0]);
    if (!seed) return wrong(seed.error().message);
    const auto interval = parse_duration(parts[1]);
    if (!interval) return wrong(interval.error().message);
    if (*interval < std::chrono::milliseconds(1)) return wrong("the interval must be at least 1ms");

    StormOptions options{*seed, *interval, {}};
    if (parts.size() == 2) return options;
    for (const auto kind : split(parts[2], '+')) {
        if (std::find(kStormKinds.begin(), kStormKinds.end(), kind) == kStormKinds.end()) {
            return wrong("'" + std::string(kind) + "' is no fault that a storm has");
        }
        options.kinds.emplace_back(kind);
    }
    return options;
}

Storm::Storm(StormOptions options, std::size_t nodes, std::chrono::nanoseconds begin)
    : options_(std::move(options)), nodes_(nodes), random_(options_.seed, {'F'}), now_(begin) {
    if (options_.kinds.empty()) options_.kinds.assign(kStormKinds.begin(), kStormKinds.end());
}

ScheduledFault Storm::next() {
    const double uniform = static_cast<double>(random_.next() >> 11U) * 0x1.0p-53;
    const double wait = -std::log1p(-uniform) * static_cast<double>(options_.mean_interval.count());
    now_ += std::chrono::nanoseconds(static_cast<std::int64_t>(wait) + 1);

    const auto& kind = options_.kinds[random_.below(options_.kinds.size())];
    std::string text;
    append(text, now_.count() / 1000, "us node=", random_.below(nodes_) + 1, " ", kind,
           details_of(kind, random_));
    return parse_fault(text, nodes_).value();
}

void FaultSchedule::set_storm(Storm storm) {
    storm_ = std::move(storm);
    of_storm_ = storm_->next();
}

std::vector<Fault> FaultSchedule::take_due(std::chrono::nanoseconds now) {
    std::vector<Fault> due;
    while (next_time() && *next_time() <= now) due.push_back(take_earliest(now));
    return due;
}

Fault FaultSchedule::take_earliest(std::chrono::nanoseconds now) {
    const auto earliest = earliest_waiting();
    if (of_storm_ && (earliest == waiting_.end() || of_storm_->at < earliest->at)) {
        return std::exchange(of_storm_, storm_->next())->fault;
    }
    auto fault = earliest->fault;
    if (earliest->every) {
        earliest->at += ((now - earliest->at) / *earliest->every + 1) * *earliest->every;
    } else {
        waiting_.erase(earliest);
    }
    return fault;
}

std::vector<ScheduledFault>::iterator FaultSchedule::earliest_waiting() {
    return std::min_element(waiting_.begin(), waiting_.end(),
                            [](const auto& a, const auto& b) { return a.at < b.at; });
}

std::optional<std::chrono::nanoseconds> FaultSchedule::next_time() const {
    std::optional<std::chrono::nanoseconds> earliest;
    if (of_storm_) earliest = of_storm_->at;
    for (const auto& fault : waiting_) earliest = earliest ? std::min(*earliest, fault.at) : fault.at;
    return earliest;
}

void FaultSchedule::clear() {
    waiting_.clear();
    storm_.reset();
    of_storm_.reset();
}

}  // namespace sim
