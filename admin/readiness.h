#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "upstream/steering.h"

namespace admin {

/// Whether the sidecar is ready: events are stored, and come from at least one node. The one place that
/// decides it, for the control socket and the admin server. Any thread.
class Readiness {
  public:
    /// What keeps it from being ready, each in words for an operator; empty: it is ready.
    using Reasons = std::vector<std::string>;
    using Answer = std::function<void(Reasons)>;

    /// `storage` tells what is wrong with storing, if anything; any thread, does not block. Both must outlive
    /// this object.
    Readiness(upstream::Steering& steering, std::function<Reasons()> storage)
        : steering_(steering), storage_(std::move(storage)) {}

    /// Does not block; the answer comes as those of Steering do.
    void check(Answer answer) const;

  private:
    upstream::Steering& steering_;
    const std::function<Reasons()> storage_;
};

}  // namespace admin
