#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "storage/payload_codec.h"
#include "storage/sqlite.h"

namespace storage {

/// A connection that only reads and needs no space on the disk; its cache is at most so large. Throws
/// SqliteFailure.
[[nodiscard]] SqliteConnection open_for_reading(const std::filesystem::path& file, std::size_t cache_kib);

/// Gives payloads back as they were sent. One thread at a time; throws SqliteFailure.
class SqliteStoredPayloads {
  public:
    explicit SqliteStoredPayloads(const SqliteConnection& connection);

    /// One that stands in its event's row.
    [[nodiscard]] std::string decode(std::int64_t encoding, std::string_view bytes, const RowKeys& keys);

    /// One that was staged; nothing, when it belongs to no event, or is not there.
    [[nodiscard]] std::optional<std::size_t> large_size(std::int64_t number);
    /// Likewise; within a transaction of the caller.
    [[nodiscard]] std::optional<std::string> large(std::int64_t number);

  private:
    PayloadCodec codec_;
    SqliteStatement large_header_;
    SqliteStatement large_parts_;
};

}  // namespace storage
