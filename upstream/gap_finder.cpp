#include "upstream/gap_finder.h"

#include <algorithm>
#include <utility>

namespace upstream {

namespace {

constexpr unsigned kIdBits = 32;

}  // namespace

GapFinder::GapFinder(const Positions& read, bool together) {
    for (const auto& position : read) {
        if (position) newest_ = std::max(newest_, place_of(*position));
    }
    const bool some = std::ranges::any_of(read, [](const auto& position) { return position.has_value(); });
    for (std::size_t i = 0; i < read.size(); ++i) {
        if (read[i]) endpoints_[i].last = place_of(*read[i]);
        endpoints_[i].reached = together && some ? std::optional(newest_) : endpoints_[i].last;
    }
}

void GapFinder::begin(const Resumes& resumes) {
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
        auto& endpoint = endpoints_[i];
        endpoint.first.reset();
        if (!resumes[i] && endpoint.reached) endpoint.lost = true;
    }
}

void GapFinder::began(base::Filter filter, base::NodePosition first) {
    auto& endpoint = at(filter);
    if (!endpoint.first) endpoint.first = place_of(first);
}

void GapFinder::handed_on(base::Filter filter, base::NodePosition position) {
    const auto place = place_of(position);
    auto& endpoint = at(filter);
    endpoint.last = place;
    endpoint.reached = std::max(endpoint.reached.value_or(place), place);
    newest_ = std::max(newest_, place);
}

void GapFinder::kept_up(base::Filter filter) {
    auto& endpoint = at(filter);
    if (endpoint.lost) return;
    // Of an endpoint that asked for more and got nothing, only the others tell whether the node held it all.
    if (endpoint.reached && !endpoint.first && !goes_on(endpoint)) return;
    endpoint.reached = std::max(endpoint.reached.value_or(newest_), newest_);
}

bool GapFinder::undecided() const {
    return std::ranges::any_of(endpoints_, &Endpoint::lost);
}

std::optional<std::vector<GapFinder::Range>> GapFinder::decide(bool last_chance) {
    const bool all_began = std::ranges::all_of(
        endpoints_, [](const Endpoint& endpoint) { return !endpoint.lost || endpoint.first.has_value(); });
    const bool all_go_on = std::ranges::all_of(
        endpoints_, [this](const Endpoint& endpoint) { return !endpoint.lost || goes_on(endpoint); });
    const auto oldest = oldest_held();
    if (!oldest || !(all_began || all_go_on || last_chance)) return std::nullopt;

    std::vector<Range> ranges;
    for (const auto filter : base::kNodeFilters) {
        const auto range = missing(filter, at(filter), *oldest);
        if (range) ranges.push_back(*range);
    }
    for (auto& endpoint : endpoints_) {
        if (!std::exchange(endpoint.lost, false)) continue;
        // The same is not missing twice, even if nothing comes before the connection ends.
        endpoint.reached =
            std::max(*endpoint.reached, std::max<Place>(endpoint.first.value_or(*oldest), 1) - 1);
    }
    return ranges;
}

std::optional<GapFinder::Range> GapFinder::missing(base::Filter filter, const Endpoint& endpoint,
                                                   Place oldest) const {
    if (!endpoint.lost || goes_on(endpoint)) return std::nullopt;
    // Of a last event before the ids wrapped it is not worth to speak.
    const auto reached = *endpoint.reached;
    const bool same_round = endpoint.last && *endpoint.last >> kIdBits == reached >> kIdBits;
    const auto begin = (same_round ? *endpoint.last : reached) + 1;
    const auto end = endpoint.first.value_or(oldest);
    if (begin >= end) return std::nullopt;
    Range range{.filter = filter, .first = position_at(begin), .last = std::nullopt};
    if (begin >> kIdBits == end >> kIdBits) range.last = position_at(end - 1).event_id;
    return range;
}

/// Whether the node surely holds what comes next, or the endpoint's own first event is that.
bool GapFinder::goes_on(const Endpoint& endpoint) const {
    const auto oldest = oldest_held();
    return oldest && endpoint.reached && *oldest <= *endpoint.reached + 1;
}

/// What the endpoints began with; the buffer's begin is the first event of one of them.
std::optional<GapFinder::Place> GapFinder::oldest_held() const {
    std::optional<Place> oldest;
    for (const auto& endpoint : endpoints_) {
        if (endpoint.first) oldest = std::min(oldest.value_or(*endpoint.first), *endpoint.first);
    }
    return oldest;
}

GapFinder::Place GapFinder::place_of(base::NodePosition position) {
    return Place{position.generation} << kIdBits | position.event_id;
}

base::NodePosition GapFinder::position_at(Place place) {
    return {.event_id = static_cast<std::uint32_t>(place),
            .generation = static_cast<std::uint32_t>(place >> kIdBits)};
}

}  // namespace upstream
