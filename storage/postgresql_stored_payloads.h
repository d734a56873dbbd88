#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/event.h"
#include "storage/payload_codec.h"
#include "storage/postgresql_pool.h"

namespace storage {

/// Payloads as they were sent, from what is stored. All throw PostgresqlFailure.

/// One that stands in its event's row; `first` and `second` are the parts of the event's key.
[[nodiscard]] std::string decode_payload(PayloadCodec& codec, base::EventId id, const pqxx::field& encoding,
                                         const pqxx::field& bytes, const pqxx::field& first,
                                         const pqxx::field& second);

/// One that was staged, read by several statements; nothing, when it belongs to no event, or not any more.
[[nodiscard]] std::optional<std::string> large_payload(PostgresqlPool::Session& session,
                                                       std::uint64_t number);

}  // namespace storage
