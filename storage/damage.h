#pragma once

#include <cstdint>
#include <string>

#include "base/event.h"

namespace storage {

/// Something in a log that is not as it was written.
struct Damage {
    enum class Kind : std::uint8_t {
        Content,     ///< the event's payload or key is not what its chain hash says
        Hash,        ///< the chain hash; the event itself is as it was written
        Missing,     ///< events are gone without being recorded as deleted
        Unreadable,  ///< the database cannot give the events back
        Unproven,    ///< follows what is lost: nothing says whether it is as it was written
        Index,       ///< the events are sound, what finds them is not
        Head,        ///< the log's head does not fit its newest event
        Dictionary,  ///< the copy of the dictionary that packed payloads need
        File,        ///< the database file's structure
    };
    Kind kind = Kind::Content;
    base::EventId first = 0;  ///< 0: it is of no event
    base::EventId last = 0;
    std::string what;

    bool operator==(const Damage&) const = default;
};

/// Whether events are lost by it.
[[nodiscard]] constexpr bool loses_events(Damage::Kind kind) {
    return kind == Damage::Kind::Content || kind == Damage::Kind::Missing ||
           kind == Damage::Kind::Unreadable || kind == Damage::Kind::Unproven;
}

}  // namespace storage
