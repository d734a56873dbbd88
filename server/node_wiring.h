#pragma once

#include <vector>

#include "base/log.h"
#include "storage/event_log.h"
#include "storage/node_store.h"
#include "upstream/node_wish.h"
#include "upstream/upstream.h"

namespace server {

/// The lifecycle's words and the store's, which do not know each other.
[[nodiscard]] storage::NodeIntent to_intent(const upstream::NodeWish& wish);
[[nodiscard]] upstream::ResumePoints to_resume_points(const storage::Positions& positions);
[[nodiscard]] storage::NodeObservation to_observation(const upstream::NodeTransition& transition);

[[nodiscard]] storage::NodeGap to_stored(const upstream::NodeGap& gap);
[[nodiscard]] std::vector<upstream::NodeGap> to_gaps(const std::vector<storage::NodeGap>& stored);

/// A stored configuration that this version cannot read is left out, with a line in the log.
[[nodiscard]] std::vector<upstream::NodeWish> to_wishes(const std::vector<storage::NodeIntent>& intents,
                                                        const base::Log& log);

}  // namespace server
