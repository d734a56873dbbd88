#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/event.h"
#include "storage/chain_hash.h"
#include "storage/event_keys.h"
#include "storage/payload_codec.h"
#include "storage/sqlite.h"

namespace storage {

/// Writes rows of the table `event`: the payload packed, the chain hash carried on. Several go in by one
/// statement, which has to open the table and its indexes but once. Used by whoever has the connection's
/// turn, within its transaction. Throws SqliteFailure.
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
    /// stays where it is. The row is written by flush() at the latest: until then the event must not change.
    [[nodiscard]] Digest insert(const base::Event& event, const Place& place, const Digest& chain);
    void flush();

    /// The transaction was rolled back: what is not written yet never will be.
    void discard() { waiting_ = 0; }

  private:
    static constexpr std::size_t kTogether = 16;

    struct Row {
        const base::Event* event = nullptr;
        Place place;
        Digest chain{};
        Encoding encoding = Encoding::Plain;
        std::string packed;

        [[nodiscard]] std::string_view payload() const;
    };

    [[nodiscard]] Digest payload_digest(const base::Event& event);
    void encode(Row& row);
    static void bind(SqliteStatement& statement, std::size_t number, const Row& row);

    bool compress_;
    PayloadCodec codec_;
    Sha256 sha256_;
    std::array<Row, kTogether> rows_;
    std::size_t waiting_ = 0;  ///< of rows_
    SqliteStatement insert_one_;
    SqliteStatement insert_together_;
    SqliteStatement staged_digest_;
};

/// The hash in a column. Throws SqliteFailure, when it is none.
[[nodiscard]] Digest to_digest(Blob bytes);

}  // namespace storage
