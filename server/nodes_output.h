#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace server {

// What `event-sidecar nodes` prints of the answers of a sidecar, which may be of another version: members
// that are missing, or of another type, are shown as "-". Nothing that a node sent reaches the terminal as a
// control character.

/// A table, a line for each node.
[[nodiscard]] std::string describe_nodes(const nlohmann::ordered_json& nodes);

/// "key: value", a line for each member.
[[nodiscard]] std::string describe_node(const nlohmann::ordered_json& node);

/// "node NAME: STATE", one line.
[[nodiscard]] std::string describe_state(const nlohmann::ordered_json& node);

/// A table, a line for each entry, in the order of the answer.
[[nodiscard]] std::string describe_history(const nlohmann::ordered_json& history);

}  // namespace server
