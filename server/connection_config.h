#pragma once

#include <string>

#include "base/result.h"
#include "upstream/steering.h"

namespace server {

/// Reads the keys of one [[connections]] table, written in TOML without the header, by the rules of the
/// configuration file:
///
///     ip_address = "10.0.0.1"
///     sse_port = 9999
///     rest_port = 8888
///
/// The text, of 4096 bytes at most, becomes the node's `configuration`. An error is of the category Invalid
/// and holds every problem, one a line: "KEY: what is wrong; expected …". Whether another node has the name
/// or the address is not checked here.
[[nodiscard]] base::Result<upstream::NodeSpec> parse_connection(const std::string& toml);

}  // namespace server
