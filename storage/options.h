#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "storage/retention_options.h"
#include "storage/sqlite_options.h"

namespace storage {

struct PostgresqlOptions {
    std::string database_name = "event_sidecar";
    std::string host = "localhost";
    std::uint16_t port = 5432;
    std::string database_username = "postgres";
    std::string database_password;
    std::uint32_t max_connections_in_pool = 30;
};

struct Options {
    std::string storage_path;
    std::variant<SqliteOptions, PostgresqlOptions> database;
    std::optional<std::string> network_name;  ///< the only network whose nodes are accepted
    std::string instance_name;                ///< default: the host's name
    enum class Compression { None, Zstd } compression = Compression::Zstd;
    std::optional<RetentionOptions> retention;
};

}  // namespace storage
