#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/options.h"
#include "rest/options.h"
#include "storage/options.h"
#include "stream/options.h"
#include "tls/options.h"
#include "upstream/options.h"

namespace server {

/// The whole configuration, checked.
struct Config {
    bool exit_when_nodes_unavailable = true;
    std::optional<std::string> control_socket;
    std::vector<upstream::NodeOptions> connections;
    storage::Options storage;
    rest::Options rest_server;
    stream::Options event_stream_server;
    std::optional<admin::Options> admin_server;
    std::optional<tls::Options> tls;  ///< of every server; none: plain HTTP
};

/// One thing wrong with the configuration: where it stands, what is wrong, what is expected.
struct ConfigProblem {
    /// The key's path, connections counted from 0: "connections[1].sse_port". A section's path, or the name
    /// of an environment variable, where the problem is with that. Empty: the file itself.
    std::string key;
    unsigned line = 0;  ///< 1 on; 0: no line (a section that is missing, an environment variable)
    std::string message;
};

/// Either a configuration or every problem found, in the order of lines.
struct ConfigResult {
    std::optional<Config> config;
    std::vector<ConfigProblem> problems;
};

/// Reads an environment variable; a parameter so that tests need not change the process's own.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;
[[nodiscard]] Environment process_environment();

/// Opens nothing but the file itself.
[[nodiscard]] ConfigResult load_config(const std::filesystem::path& file, const Environment& environment);
[[nodiscard]] ConfigResult parse_config(std::string_view toml, const std::string& file_name,
                                        const Environment& environment);

/// "FILE:LINE: KEY: what is wrong; expected …", one a line. No message holds the value of a secret.
[[nodiscard]] std::string describe(const std::vector<ConfigProblem>& problems, const std::string& file_name);

}  // namespace server
