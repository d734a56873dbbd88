#pragma once

#include <cstdint>
#include <optional>

#include "base/event.h"
#include "storage/chain_hash.h"
#include "storage/event_keys.h"
#include "storage/payload_codec.h"
#include "storage/sqlite.h"

namespace storage {

/// Writes rows of the table `event`: the payload packed, the chain hash carried on. Used by whoever has the
/// connection's turn, within its transaction. Throws SqliteFailure.
class EventRows {
  public:
    /// Without `compress`, payloads are stored as they are.
    EventRows(const SqliteConnection& connection, bool compress);

    struct Place {
        base::EventId id = 0;
        base::ApiVersion api_version;
        std::int64_t received_at = 0;  ///< milliseconds since 1970
        std::optional<SignatureNumbers> numbers{};
    };

    /// The chain hash up to this event, when `chain` is that up to the one before. A payload that is staged
    /// stays where it is.
    [[nodiscard]] Digest insert(const base::Event& event, const Place& place, const Digest& chain);

  private:
    [[nodiscard]] Digest payload_digest(const base::Event& event);
    [[nodiscard]] PayloadCodec::Encoded encode(const base::Event& event);

    bool compress_;
    PayloadCodec codec_;
    Sha256 sha256_;
    SqliteStatement insert_;
    SqliteStatement staged_digest_;
};

/// The hash in a column. Throws SqliteFailure, when it is none.
[[nodiscard]] Digest to_digest(Blob bytes);

}  // namespace storage
