#include "upstream/node_gaps.h"

#include <chrono>
#include <fmt/format.h>
#include <string>
#include <utility>

namespace upstream {

namespace {

std::string in_words(const GapFinder::Range& range) {
    const auto name = base::filter_name(range.filter);
    if (range.last) return fmt::format("{} {} to {}", name, range.first.event_id, *range.last);
    return fmt::format("{} from {} until its ids began again", name, range.first.event_id);
}

}  // namespace

NodeGaps::NodeGaps(std::shared_ptr<const NodeContext> node, GapFinder finder, std::shared_ptr<Signal> changed)
    : node_(std::move(node)),
      finder_(std::move(finder)),
      saving_(std::make_shared<Saving>(Saving{.pending = 0, .changed = std::move(changed)})) {
    // So that a series begins with 0.
    for (const auto filter : base::kNodeFilters)
        (void)node_->shared->dependencies.metrics.node_gap(node_->options.name, base::filter_name(filter));
}

bool NodeGaps::settled(bool last_chance) {
    if (finder_.undecided()) {
        const auto found = finder_.decide(last_chance);
        if (!found) return false;
        if (!found->empty()) record(*found);
    }
    return saving_->pending == 0;
}

void NodeGaps::record(const std::vector<GapFinder::Range>& ranges) {
    const auto& name = node_->options.name;
    auto& shared = *node_->shared;
    std::string words;
    for (const auto& range : ranges) {
        words += (words.empty() ? "" : ", ") + in_words(range);
        NodeGap gap{.node = name,
                    .filter = range.filter,
                    .generation = range.first.generation,
                    .first = range.first.event_id,
                    .last = range.last,
                    .at = std::chrono::system_clock::now()};
        shared.gaps.add(gap);
        shared.dependencies.metrics.node_gap(name, base::filter_name(range.filter)).Increment();
        auto saved = [owner = node_->shared, saving = saving_] {
            owner->mailbox.post([saving] {
                --saving->pending;
                if (const auto changed = saving->changed.lock()) changed->notify();
            });
        };
        ++saving_->pending;
        shared.dependencies.save_gap(std::move(gap), std::move(saved));
    }
    shared.dependencies.log->warn(
        "node {}: a gap: ids were not read, as it no longer holds them: {}; other nodes may have brought the "
        "events",
        name, words);
}

}  // namespace upstream
