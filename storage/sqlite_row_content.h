#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/chain_hash.h"
#include "storage/damage.h"
#include "storage/log_rows.h"
#include "storage/payload_codec.h"
#include "storage/sqlite.h"

namespace storage {

/// A failure of a place in the file, as against one of the whole.
[[nodiscard]] bool is_damage(const SqliteFailure& failure);

/// Nothing, for bytes that are no chain hash.
[[nodiscard]] std::optional<Digest> digest_or_none(Blob bytes);

/// An event of a file that may be damaged: its row, its natural key, its payload. Throws SqliteFailure for
/// what is no damage of this event. One thread.
class SqliteRowContent {
  public:
    /// `connection` must outlive it.
    explicit SqliteRowContent(const SqliteConnection& connection);
    ~SqliteRowContent();
    SqliteRowContent(const SqliteRowContent&) = delete;
    SqliteRowContent& operator=(const SqliteRowContent&) = delete;

    /// The query whose rows read() takes; `rest` begins behind its tables, the event's is `e`.
    [[nodiscard]] static std::string select(std::string_view rest);

    [[nodiscard]] LogRow read(const SqliteStatement::Rows& rows);

    /// Of the payload read last, as it is stored.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    /// Keys that were found, but not as appends would find them.
    [[nodiscard]] std::vector<Damage> take_index_faults();

  private:
    class KeysById;

    void read_key(LogRow& row, const SqliteStatement::Rows& rows);
    [[nodiscard]] std::optional<std::int64_t> find_key_without_index(LogRow& row);
    void read_signature_key(LogRow& row, const SqliteStatement::Rows& rows);
    [[nodiscard]] std::optional<Digest> payload_digest(LogRow& row, const SqliteStatement::Rows& rows);

    const SqliteConnection& connection_;
    PayloadCodec codec_;
    Sha256 sha256_;
    std::size_t bytes_ = 0;
    std::vector<Damage> index_faults_;
    std::unique_ptr<KeysById> keys_;  // when it was needed

    SqliteStatement find_key_;
    SqliteStatement find_bytes_;
    SqliteStatement find_signature_;
    SqliteStatement large_;
    SqliteStatement parts_;
};

}  // namespace storage
