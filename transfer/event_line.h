#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/api_version.h"
#include "base/event.h"
#include "base/event_kind.h"
#include "base/result.h"
#include "storage/event_reader.h"

namespace transfer {

/// How an event is written as a line of JSON.
///
/// Payload: the payload itself, byte for byte, as a node sends it. A payload of several lines (JSON may have
/// them between its tokens) is written as `{"payload_text":"…"}`, a JSON string of its bytes.
///
/// WithId: `{"id":7,"api_version":"1.5.6","payload":…}`, the payload byte for byte as the last member, or
/// `"payload_text":"…"` where it has several lines or white space around it. `api_version` is missing where
/// none was known. A Shutdown, whose payload does not say where it belongs, has `"source":"events/main"` too.
enum class LineForm : std::uint8_t { Payload, WithId };

/// Adds the event's line and its '\n'.
void append_line(std::string& out, const storage::StoredEvent& event, LineForm form);

/// What a line of either form says.
struct EventLine {
    std::string payload;
    std::optional<base::EventId> id;
    base::ApiVersion api_version;
    std::optional<base::Filter> source;
};

/// Reads a line without its '\n'. A line that is not of form WithId is a payload as it stands, whatever it
/// is: whether it is an event is not looked at. Errors: Invalid, when it begins as form WithId does and
/// cannot be read to its end.
[[nodiscard]] base::Result<EventLine> parse_line(std::string line);

}  // namespace transfer
