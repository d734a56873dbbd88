#pragma once

#include <string>

#include "base/event_kind.h"

namespace storage {

/// The SQL condition for an endpoint's events on the table `event`, made from the table of kinds, and
/// whether the index event_source finds them, which does not pass over finality signatures.
struct EndpointCondition {
    std::string sql;
    bool by_source = false;
};
[[nodiscard]] EndpointCondition endpoint_condition(base::Endpoint endpoint);

/// The filter under which an event is stored: that of its kind, so that what is served where follows from the
/// kind alone; a Shutdown keeps its own.
[[nodiscard]] base::Filter stored_source(base::Kind kind, base::Filter filter);

}  // namespace storage
