#pragma once

#include <optional>
#include <string_view>

#include "base/event.h"
#include "base/result.h"
#include "stream/event_filter.h"

namespace stream {

/// What the node answers to a query that it cannot read.
inline constexpr std::string_view kInvalidQuery =
    "invalid query: expected single field 'start_from=<EVENT ID>'\n";

/// The query of a request for a stream.
struct StreamQuery {
    std::optional<base::EventId> start_from;
    bool fail_on_gap = false;
    EventFilter filter;
};

/// Reads the query of a request at an endpoint. Invalid: the message is the body of the answer. Pure.
[[nodiscard]] base::Result<StreamQuery> read_query(std::string_view text, base::Endpoint endpoint);

/// A decimal number that an event can have, or 0.
[[nodiscard]] std::optional<base::EventId> parse_id(std::string_view text);

}  // namespace stream
