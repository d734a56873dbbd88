#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/event.h"

namespace upstream {

/// The bytes of a hash or public key given in hex of either case. A text that is not hex, or not of one of
/// the expected numbers of digits, is kept as it is behind a byte 0xFF, so that an event with an odd key is
/// not lost.
[[nodiscard]] base::KeyBytes key_of_hex(std::string_view text, std::initializer_list<std::size_t> digits);

/// The text behind a byte 0xFF.
[[nodiscard]] base::KeyBytes key_of_odd_text(std::string_view text);

/// 8 bytes, big-endian.
[[nodiscard]] base::KeyBytes key_of_number(std::uint64_t number);

/// By what a node is known as the same from every sidecar: its public key; of a node that tells none, the
/// names of sidecar and node, with a byte 0 between, behind a byte 0xFF.
[[nodiscard]] base::KeyBytes node_identity(const std::optional<std::string>& signing_key,
                                           std::string_view instance, std::string_view node);

/// The key of KeyShape::Occurrence: first the node's identity; second the filter's number (1 byte), the
/// generation and the id (4 bytes each, big-endian).
[[nodiscard]] base::NaturalKey occurrence_key(const base::KeyBytes& node, base::Filter filter,
                                              base::NodePosition position);

}  // namespace upstream
