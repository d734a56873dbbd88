#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "upstream/steering.h"

namespace admin {

/// Whether the sidecar is ready: what it serves is current, as events are stored, blocks come in, and at
/// least one node is read. The one place that decides it, for the control socket and the admin server. Any
/// thread.
class Readiness {
  public:
    /// What keeps it from being ready, each in words for an operator; empty: it is ready.
    using Reasons = std::vector<std::string>;
    using Answer = std::function<void(Reasons)>;

    /// Tells what is wrong in one respect, if anything; any thread, does not block.
    using Source = std::function<Reasons()>;

    /// `sources`: all but the nodes. They and the steering must outlive this object.
    Readiness(upstream::Steering& steering, std::vector<Source> sources)
        : steering_(steering), sources_(std::move(sources)) {}

    /// Does not block; the answer comes as those of Steering do.
    void check(Answer answer) const;

    /// By what the nodes' reports say. None: the loop of the nodes does not answer, which is a reason, too.
    [[nodiscard]] Reasons reasons(const std::vector<upstream::NodeReport>* nodes) const;

  private:
    upstream::Steering& steering_;
    const std::vector<Source> sources_;
};

}  // namespace admin
