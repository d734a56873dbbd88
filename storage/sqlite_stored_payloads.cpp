#include "storage/sqlite_stored_payloads.h"

#include <utility>

namespace storage {

SqliteConnection open_for_reading(const std::filesystem::path& file, std::size_t cache_kib) {
    SqliteConnection connection(file, SqliteConnection::Mode::ReadOnly);
    connection.busy_timeout(1000);
    connection.execute("PRAGMA cache_size = -" + std::to_string(cache_kib) +
                       "; PRAGMA temp_store = MEMORY; PRAGMA query_only = ON");
    return connection;
}

SqliteStoredPayloads::SqliteStoredPayloads(const SqliteConnection& connection)
    : large_header_(
          connection.prepare("SELECT size, encoding FROM large_payload WHERE number = ?1 AND appended = 1")),
      large_parts_(connection.prepare("SELECT bytes FROM payload_part WHERE payload = ?1 ORDER BY seq")) {}

std::string SqliteStoredPayloads::decode(std::int64_t encoding, std::string_view bytes, const RowKeys& keys) {
    auto payload = codec_.decode(static_cast<Encoding>(encoding), bytes, keys);
    if (!payload) throw SqliteFailure::corrupt(payload.error().message);
    return std::move(*payload);
}

std::optional<std::size_t> SqliteStoredPayloads::large_size(std::int64_t number) {
    const auto size = large_header_.integer(number);
    if (!size) return std::nullopt;
    return static_cast<std::size_t>(*size);
}

std::optional<std::string> SqliteStoredPayloads::large(std::int64_t number) {
    auto header = large_header_.query(number);
    if (!header.next()) return std::nullopt;
    std::string bytes;
    auto parts = large_parts_.query(number);
    while (parts.next()) bytes += parts.text(0);
    auto payload = decode(header.integer(1), bytes, {});
    if (static_cast<std::int64_t>(payload.size()) != header.integer(0)) {
        throw SqliteFailure::corrupt("payload " + std::to_string(number) + " is not complete");
    }
    return payload;
}

}  // namespace storage
