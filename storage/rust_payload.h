#pragma once

#include <string>
#include <string_view>

#include "base/event_kind.h"

namespace storage {

/// The payload as a node sends it, of what the Rust sidecar keeps in a column `raw`: the value of the event's
/// one member, or the whole event; of a DeployExpired perhaps the hash alone, of a Shutdown nothing. The
/// bytes of `raw` are not altered. Leaves some bytes of capacity behind the end, for the parser.
[[nodiscard]] std::string payload_of_rust_row(base::Kind kind, std::string_view raw);

}  // namespace storage
