#include "storage/event_rows.h"

#include <algorithm>
#include <utility>

#include "storage/endpoint_condition.h"

namespace storage {

namespace {

std::optional<Blob> blob_or_null(const base::KeyBytes& bytes) {
    if (bytes.empty()) return std::nullopt;
    return Blob(bytes);
}

/// What the row of an event holds beside its payload.
RowKeys row_keys(const base::Event& event) {
    if (event.kind != base::Kind::FinalitySignature) return {};
    return {event.key.first, event.key.second};
}

constexpr std::size_t kEventColumns = 15;
constexpr std::size_t kRowScratchKept = std::size_t{64} << 10U;

/// `OR FAIL`: when one row cannot be inserted, those before it stay, so that SQLite need not keep what was
/// there; the transaction is rolled back anyway.
std::string insert_rows(std::size_t count) {
    std::string sql =
        "INSERT OR FAIL INTO event (id, kind, source, api_version, received_at, era, height, block, signer, "
        "block_hash, account, chain_hash, large_payload, encoding, payload) VALUES ";
    for (std::size_t row = 0; row < count; ++row) {
        sql += row == 0 ? "(?" : ", (?";
        for (std::size_t column = 1; column < kEventColumns; ++column) sql += ", ?";
        sql += ')';
    }
    return sql;
}

/// One large payload must not cost its size for ever.
void drop_large_scratch(std::string& packed) {
    if (packed.capacity() > kRowScratchKept) packed = std::string();
}

}  // namespace

EventRows::EventRows(const SqliteConnection& connection, bool compress)
    : compress_(compress),
      insert_one_(connection.prepare(insert_rows(1))),
      insert_together_(connection.prepare(insert_rows(kTogether))),
      staged_digest_(connection.prepare("SELECT sha256 FROM large_payload WHERE number = ?1")) {}

Digest EventRows::insert(const base::Event& event, const Place& place, const Digest& chain) {
    const auto hash = chain_hash(sha256_, chain, place.id, event.kind, event.key, payload_digest(event));
    auto& row = rows_[waiting_++];
    row.event = &event;
    row.place = place;
    row.chain = hash;
    encode(row);
    if (waiting_ < kTogether) return hash;
    waiting_ = 0;
    for (std::size_t i = 0; i < kTogether; ++i) bind(insert_together_, i, rows_[i]);
    insert_together_.execute_bound();
    for (auto& written : rows_) drop_large_scratch(written.packed);
    return hash;
}

void EventRows::flush() {
    const auto count = std::exchange(waiting_, 0);
    for (std::size_t i = 0; i < count; ++i) {
        bind(insert_one_, 0, rows_[i]);
        insert_one_.execute_bound();
        drop_large_scratch(rows_[i].packed);
    }
}

void EventRows::bind(SqliteStatement& statement, std::size_t number, const Row& row) {
    const auto& event = *row.event;
    const auto& place = row.place;
    const auto& numbers = place.numbers;
    const bool staged = event.staged_payload != 0;
    // The key holds the block's hash already, where it begins with it.
    const auto block_hash =
        event.block_hash == event.key.first ? std::nullopt : blob_or_null(event.block_hash);
    statement.bind_from(
        static_cast<int>(number * kEventColumns) + 1, place.id, static_cast<int>(event.kind),
        static_cast<int>(stored_source(event.kind, event.filter)), place.api_version.packed(),
        place.received_at, event.era, event.height, numbers ? std::optional(numbers->block) : std::nullopt,
        numbers ? std::optional(numbers->signer) : std::nullopt, block_hash, blob_or_null(event.account),
        Blob(row.chain), staged ? std::optional(event.staged_payload) : std::nullopt,
        static_cast<int>(row.encoding), staged ? std::nullopt : std::optional(as_blob(row.payload())));
}

Digest EventRows::payload_digest(const base::Event& event) {
    if (event.staged_payload == 0) return sha256_.of(event.payload);
    auto rows = staged_digest_.query(event.staged_payload);
    if (!rows.next()) throw SqliteFailure::corrupt("a staged payload is missing");
    return to_digest(rows.blob(0));
}

void EventRows::encode(Row& row) {
    row.encoding = Encoding::Plain;
    const auto& event = *row.event;
    if (!compress_ || event.staged_payload != 0) return;
    const auto encoded = codec_.encode(event.payload, row_keys(event));
    row.encoding = encoded.encoding;
    if (encoded.encoding != Encoding::Plain) row.packed = encoded.bytes;
}

std::string_view EventRows::Row::payload() const {
    return encoding == Encoding::Plain ? std::string_view(event->payload) : packed;
}

Digest to_digest(Blob bytes) {
    Digest digest;
    if (bytes.size() != digest.size()) throw SqliteFailure::corrupt("a hash is missing");
    std::ranges::copy(bytes, digest.begin());
    return digest;
}

}  // namespace storage
