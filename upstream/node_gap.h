#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/event_kind.h"

namespace upstream {

/// Ids of a node that were not read at one of its endpoints, as the node no longer held them: every event of
/// that endpoint with such an id was missed, and none outside of them. Which of the ids were the endpoint's
/// is not known, as all endpoints of a node count together.
struct NodeGap {
    std::string node;
    base::Filter filter = base::Filter::Main;
    std::uint32_t generation = 0;  ///< of the ids, see base::NodePosition
    std::uint32_t first = 0;
    std::optional<std::uint32_t> last;  ///< none: the node's ids began again, and the end is not known
    std::chrono::system_clock::time_point at;

    /// The same gap found again; its end may have moved.
    [[nodiscard]] bool begins_as(const NodeGap& other) const {
        return node == other.node && filter == other.filter && generation == other.generation &&
               first == other.first;
    }
};

}  // namespace upstream
