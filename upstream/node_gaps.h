#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "upstream/gap_finder.h"
#include "upstream/node_context.h"
#include "upstream/signal.h"

namespace upstream {

/// Sees to it that a gap of a node is durable before anything is handed on that comes after it: a process
/// that is killed in between finds it again, as nothing newer was stored. One thread.
class NodeGaps {
  public:
    /// `changed` is notified when settled() may have another answer.
    NodeGaps(std::shared_ptr<const NodeContext> node, GapFinder finder, std::shared_ptr<Signal> changed);
    NodeGaps(const NodeGaps&) = delete;
    NodeGaps& operator=(const NodeGaps&) = delete;

    [[nodiscard]] GapFinder& finder() { return finder_; }
    [[nodiscard]] const GapFinder& finder() const { return finder_; }

    /// Something is to be found out, or to be stored.
    [[nodiscard]] bool open() const { return saving_->pending > 0 || finder_.undecided(); }

    /// Decides if it can, and tells, counts and stores what was found. False: events must wait.
    [[nodiscard]] bool settled(bool last_chance);

  private:
    /// Outlives this object, and the whole reading, for answers that come late: it keeps nothing alive.
    struct Saving {
        std::size_t pending = 0;
        std::weak_ptr<Signal> changed;
    };

    void record(const std::vector<GapFinder::Range>& ranges);

    std::shared_ptr<const NodeContext> node_;
    GapFinder finder_;
    std::shared_ptr<Saving> saving_;
};

}  // namespace upstream
