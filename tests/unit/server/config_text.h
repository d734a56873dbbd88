#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "server/config.h"

namespace config_text {

/// The least that a configuration file may hold, one piece for each section.
inline const std::string kConnection = R"([[connections]]
ip_address = "127.0.0.1"
sse_port = 18101
rest_port = 14101
)";
inline const std::string kStoragePath = R"([storage]
storage_path = "./target/storage"
)";
inline const std::string kSqlite = "[storage.sqlite_config]\n";
inline const std::string kServers = "[rest_server]\n[event_stream_server]\n";
inline const std::string kMinimal = kConnection + kStoragePath + kSqlite + kServers;

using Variables = std::map<std::string, std::string, std::less<>>;

inline server::Environment environment(Variables variables) {
    return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    };
}

inline server::ConfigResult parse(std::string_view text, Variables variables = {}) {
    return server::parse_config(text, "sidecar.toml", environment(std::move(variables)));
}

inline std::string describe(const server::ConfigResult& result) {
    return server::describe(result.problems, "sidecar.toml");
}

/// What is said of a text that has problems.
inline std::string problems_of(std::string_view text, Variables variables = {}) {
    return describe(parse(text, std::move(variables)));
}

}  // namespace config_text
