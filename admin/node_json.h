#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "storage/node_store.h"
#include "upstream/node_report.h"

namespace admin {

/// A node as the control socket and the admin server show it. Members have the order in which they are to be
/// read; what is not known is null, or an empty string.
[[nodiscard]] nlohmann::ordered_json json_of(const upstream::NodeReport& report);

/// The gaps that json_of(NodeReport) shows, the newest first; "gap_count" has their number.
inline constexpr std::size_t kGapsShown = 10;

/// An entry of a node's history.
[[nodiscard]] nlohmann::ordered_json json_of(const storage::NodeObservation& observation);

/// What is not known is null.
template <class Value>
[[nodiscard]] nlohmann::ordered_json json_or_null(const std::optional<Value>& value) {
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

/// On one line, without the newline. Bytes that are not UTF-8, which a node may have sent, are replaced.
[[nodiscard]] std::string line_of(const nlohmann::ordered_json& json);

/// Text of a request in a message: not too long, and no control characters.
[[nodiscard]] std::string quote(std::string_view text);

}  // namespace admin
