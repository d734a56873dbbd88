#pragma once

#include "sim/fault.h"
#include "sim/logical_event.h"

namespace sim {

/// Whether such a thing has an id and lies in the node's buffer, so that it comes again to who asks for it
/// again.
[[nodiscard]] bool is_buffered(Malformation malformation);

/// The data of a malformed event of that endpoint.
[[nodiscard]] EventPtr malformed_event(const Fault& fault, base::Filter filter);

/// The bytes of a malformed frame that is sent once. `sample` is a proper payload of that endpoint, or empty.
[[nodiscard]] std::string malformed_frame(Malformation malformation, const std::string& sample);

}  // namespace sim
