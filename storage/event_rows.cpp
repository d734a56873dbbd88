#include "storage/event_rows.h"

#include <algorithm>
#include <string>

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

}  // namespace

EventRows::EventRows(const SqliteConnection& connection, bool compress)
    : compress_(compress),
      insert_(connection.prepare(
          "INSERT INTO event (id, kind, source, api_version, received_at, era, height, block, signer, "
          "block_hash, account, chain_hash, large_payload, encoding, payload) VALUES (?1, ?2, ?3, ?4, ?5, "
          "?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)")),
      staged_digest_(connection.prepare("SELECT sha256 FROM large_payload WHERE number = ?1")) {}

Digest EventRows::insert(const base::Event& event, const Place& place, const Digest& chain) {
    const auto hash = chain_hash(sha256_, chain, place.id, event.kind, event.key, payload_digest(event));
    const bool staged = event.staged_payload != 0;
    const auto encoded = staged ? PayloadCodec::Encoded{} : encode(event);
    // The key holds the block's hash already, where it begins with it.
    const auto block_hash =
        event.block_hash == event.key.first ? std::nullopt : blob_or_null(event.block_hash);
    const auto& numbers = place.numbers;
    insert_.execute(
        place.id, static_cast<int>(event.kind), static_cast<int>(stored_source(event.kind, event.filter)),
        place.api_version.packed(), place.received_at, event.era, event.height,
        numbers ? std::optional(numbers->block) : std::nullopt,
        numbers ? std::optional(numbers->signer) : std::nullopt, block_hash, blob_or_null(event.account),
        Blob(hash), staged ? std::optional(event.staged_payload) : std::nullopt,
        static_cast<int>(encoded.encoding), staged ? std::nullopt : std::optional(as_blob(encoded.bytes)));
    return hash;
}

Digest EventRows::payload_digest(const base::Event& event) {
    if (event.staged_payload == 0) return sha256_.of(event.payload);
    auto rows = staged_digest_.query(event.staged_payload);
    if (!rows.next()) throw SqliteFailure::corrupt("a staged payload is missing");
    return to_digest(rows.blob(0));
}

PayloadCodec::Encoded EventRows::encode(const base::Event& event) {
    if (!compress_) return {Encoding::Plain, event.payload};
    return codec_.encode(event.payload, row_keys(event));
}

Digest to_digest(Blob bytes) {
    Digest digest;
    if (bytes.size() != digest.size()) throw SqliteFailure::corrupt("a hash is missing");
    std::ranges::copy(bytes, digest.begin());
    return digest;
}

}  // namespace storage
