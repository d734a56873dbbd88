#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "storage/retention_options.h"

namespace storage {

struct SqliteOptions {
    std::filesystem::path directory;  ///< created if missing
    std::string file_name = "sqlite_database.db3";
    std::uint32_t max_connections_in_pool = 100;          ///< most readers at one time
    std::uint32_t wal_autocheckpointing_interval = 1000;  ///< in pages of the write-ahead log
    enum class Synchronous { Normal, Full } synchronous = Synchronous::Full;
    bool compress = true;  ///< payloads are packed
    RetentionOptions retention;
};

}  // namespace storage
