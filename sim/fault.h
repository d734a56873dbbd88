#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_kind.h"
#include "base/result.h"

namespace sim {

enum class FaultKind {
    Drop,        ///< close connections
    Stop,        ///< close connections and listen no more
    Resume,      ///< end whatever stop, silent, answer and status began
    Silent,      ///< keep connections, send nothing, no keep-alives either
    Restart,     ///< stop, forget the buffer (or keep it), listen again
    ApiVersion,  ///< announce another version
    Malformed,   ///< send something that is no proper event
    Answer,      ///< answer requests with an HTTP error
    HalfFrame,   ///< break off in the middle of the next event
    Shutdown,    ///< send Shutdown on all endpoints, close, listen no more
    Status,      ///< tell another network name or version in /status
};

enum class Malformation { BadJson, UnknownKind, MissingId, Garbage, HalfUtf8, Oversize };

/// One thing to go wrong. Which members count depends on the kind; fault_help() tells.
struct Fault {
    FaultKind kind = FaultKind::Drop;
    std::optional<std::size_t> node;       ///< from 0; none: every node
    std::optional<base::Filter> endpoint;  ///< none: all three
    std::optional<std::chrono::nanoseconds> duration;
    Malformation malformation = Malformation::BadJson;
    std::uint64_t size = 0;
    unsigned status = 500;
    std::string version;
    std::string network;
    bool reset_connection = false;
    bool reset_ids = false;
    bool keep_buffer = true;
    std::string text;  ///< as it was written, for the log

    /// Whether it concerns this endpoint.
    [[nodiscard]] bool covers(base::Filter filter) const { return !endpoint || *endpoint == filter; }
};

struct ScheduledFault {
    std::chrono::nanoseconds at{0};
    std::optional<std::chrono::nanoseconds> every;
    Fault fault;
};

/// Reads one fault: "[TIME] [node=N|all] KIND [key=value]…", words in any order. Nodes are counted from 1.
[[nodiscard]] base::Result<ScheduledFault> parse_fault(std::string_view text, std::size_t nodes);

/// Reads what the control port accepts: lines of text, or a JSON object or an array of objects with the same
/// keys
/// ("kind", "at", "every", "node", "endpoint", "for", …).
[[nodiscard]] base::Result<std::vector<ScheduledFault>> parse_faults(std::string_view body,
                                                                     std::size_t nodes);

/// The grammar, for --help.
[[nodiscard]] std::string_view fault_help();

}  // namespace sim
