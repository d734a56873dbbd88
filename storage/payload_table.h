#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "storage/chain_hash.h"
#include "storage/payload_codec.h"

namespace storage {

/// A large payload as it is stored.
struct StoredPayload {
    Encoding encoding = Encoding::Plain;
    std::size_t size = 0;    ///< of the payload as it was sent
    Digest digest{};         ///< likewise
    std::string_view bytes;  ///< those of the event, or of `owned`
    std::shared_ptr<const std::string> owned;
};

/// Where a database form keeps large payloads, for the stager. Every call is a transaction of its own, and
/// throws as that form does. The maintenance thread.
class PayloadTable {
  public:
    virtual ~PayloadTable() = default;

    /// What this instance staged in an earlier life and never appended.
    [[nodiscard]] virtual std::vector<std::uint64_t> orphans() = 0;

    /// Whether an event of this kind and key is in the log.
    [[nodiscard]] virtual bool in_log(const base::Event& event) = 0;

    /// Adds a part to the payload of that number; 0: to a new one. Its number.
    [[nodiscard]] virtual std::uint64_t write_part(std::uint64_t number, const StoredPayload& payload,
                                                   std::int64_t seq, std::string_view part) = 0;

    /// Deletes a part of a payload that belongs to no event; false: there was none left, and the payload is
    /// gone.
    [[nodiscard]] virtual bool delete_part(std::uint64_t number) = 0;
};

}  // namespace storage
