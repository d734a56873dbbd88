#pragma once

#include <string>

#include "base/result.h"
#include "server/config.h"

namespace server {

/// Which log a command is about: `database`, an SQLite file or postgresql://user@host:port/name; or, when
/// that is empty, the one of the sidecar with this configuration file. Errors: Invalid.
[[nodiscard]] base::Result<storage::Options> find_log(const std::string& database,
                                                      const std::string& config_file,
                                                      const Environment& environment);

/// The SQLite file of these options, which are of one.
[[nodiscard]] std::filesystem::path sqlite_file(const storage::Options& options);

/// As a command line names it.
[[nodiscard]] std::string log_arguments(const std::string& database, const std::string& config_file);

}  // namespace server
