#include "storage/postgresql_stored_payloads.h"

#include <fmt/format.h>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace storage {

namespace {

using Session = PostgresqlPool::Session;

const PostgresqlStatement kLargeHeader{
    "large_header", "SELECT size, encoding FROM large_payload WHERE number = $1 AND appended"};
const PostgresqlStatement kParts{
    "parts", "SELECT bytes FROM payload_part WHERE payload = $1 AND seq >= $2 ORDER BY seq LIMIT $3"};
constexpr int kPartsAtOnce = 16;

Encoding to_encoding(const pqxx::field& field, const std::string& what) {
    const auto number = field.as<int>();
    if (number != static_cast<int>(Encoding::Plain) && number != static_cast<int>(Encoding::Packed))
        throw PostgresqlFailure::corrupt(fmt::format("{} is of the unknown encoding {}", what, number));
    return static_cast<Encoding>(number);
}

std::string unpack(PayloadCodec& codec, std::string_view bytes, const RowKeys& keys,
                   const std::string& what) {
    auto payload = codec.decode(Encoding::Packed, bytes, keys);
    if (!payload) throw PostgresqlFailure::corrupt(fmt::format("{}: {}", what, payload.error().message));
    return std::move(*payload);
}

std::span<const std::uint8_t> as_span(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string read_parts(Session& session, const pqxx::row& header, std::uint64_t number) {
    std::string bytes;
    for (int seq = 0;; seq += kPartsAtOnce) {
        const auto parts = session.connection.execute(kParts, number, seq, kPartsAtOnce);
        for (const auto& part : parts) bytes += to_bytes(part[0]);
        if (parts.size() < kPartsAtOnce) break;
    }
    const auto what = fmt::format("payload {}", number);
    const bool is_packed = to_encoding(header[1], what) == Encoding::Packed;
    auto payload = is_packed ? unpack(session.codec, bytes, {}, what) : std::move(bytes);
    if (payload.size() != header[0].as<std::size_t>())
        throw PostgresqlFailure::corrupt(what + " is not complete");
    return payload;
}

}  // namespace

std::string decode_payload(PayloadCodec& codec, base::EventId id, const pqxx::field& encoding,
                           const pqxx::field& bytes, const pqxx::field& first, const pqxx::field& second) {
    const auto what = fmt::format("event {}", id);
    if (bytes.is_null()) throw PostgresqlFailure::corrupt(what + " has no payload");
    if (to_encoding(encoding, what) == Encoding::Plain) return to_bytes(bytes);
    const auto first_bytes = to_bytes(first);
    const auto second_bytes = to_bytes(second);
    return unpack(codec, to_bytes(bytes), {as_span(first_bytes), as_span(second_bytes)}, what);
}

std::optional<std::string> large_payload(Session& session, std::uint64_t number) {
    if (number > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    const auto header = session.connection.execute(kLargeHeader, number);
    if (header.empty()) return std::nullopt;
    try {
        return read_parts(session, header[0], number);
    } catch (const PostgresqlFailure& failure) {
        // Its parts may just be deleted.
        if (failure.category() != base::Error::Category::Corrupt ||
            !session.connection.execute(kLargeHeader, number).empty())
            throw;
        return std::nullopt;
    }
}

}  // namespace storage
