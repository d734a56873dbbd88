#pragma once

#include <string>

#include "base/result.h"
#include "server/config.h"

namespace server {

/// The configuration of a command that works on the log by itself; the error names every problem.
[[nodiscard]] base::Result<Config> load_for_transfer(const std::string& config_file,
                                                     const Environment& environment);

/// "event-sidecar: …" on standard error.
void complain(const std::string& message);

}  // namespace server
