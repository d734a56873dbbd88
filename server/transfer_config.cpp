#include "server/transfer_config.h"

#include <cstdio>
#include <fmt/format.h>
#include <utility>

namespace server {

base::Result<Config> load_for_transfer(const std::string& config_file, const Environment& environment) {
    if (config_file.empty()) {
        return base::invalid("which log? Give the configuration of its sidecar: --path-to-config FILE");
    }
    auto loaded = load_config(config_file, environment);
    if (loaded.config) return std::move(*loaded.config);
    auto problems = describe(loaded.problems, config_file);
    while (problems.ends_with('\n')) problems.pop_back();
    return base::invalid(problems);
}

void complain(const std::string& message) {
    fmt::print(stderr, "event-sidecar: {}\n", message);
}

}  // namespace server
