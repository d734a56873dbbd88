#include "storage/migration_3.h"

#include <optional>
#include <string>

#include "base/event.h"
#include "storage/chain_hash.h"
#include "storage/event_keys.h"
#include "storage/event_rows.h"
#include "storage/payload_codec.h"

namespace storage {

namespace {

// Why the tables are as they are:
//  - a signature's row names its block and its signer by number: the hash and the key stand once in the
//    database, and the payload refers to them (RowKeys). Its key is two small numbers in signature_key.
//  - event_key_id finds the key of an event: for verification, and when events are pruned.
//  - dictionary keeps what is needed to read payloads of that encoding.
//  - log.chain_hash is that of the newest event, whether it is still there or not.
//  - pruned_run has the ids that were deleted, in runs, each with the chain hash of its last: the chain
//    can be followed across them.
//  - pruning has the oldest id at several times: the keys of what was deleted a day before are deleted, too.
constexpr const char* kTables = R"sql(
DROP INDEX event_source;
DROP INDEX event_height;
DROP INDEX event_block;
DROP INDEX event_account;
ALTER TABLE event RENAME TO event_2;

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    source INTEGER NOT NULL,
    api_version INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    era INTEGER,
    height INTEGER,
    block INTEGER REFERENCES block (number),
    signer INTEGER REFERENCES public_key (number),
    block_hash BLOB,
    account BLOB,
    chain_hash BLOB NOT NULL,
    large_payload INTEGER REFERENCES large_payload (number),
    encoding INTEGER NOT NULL,
    payload BLOB
) STRICT;
CREATE INDEX event_source ON event (source) WHERE source <> 2;
CREATE INDEX event_height ON event (height) WHERE height IS NOT NULL;
CREATE INDEX event_block ON event (block_hash) WHERE block_hash IS NOT NULL;
CREATE INDEX event_account ON event (account) WHERE account IS NOT NULL;

CREATE TABLE block (
    number INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE
) STRICT;
CREATE TABLE signature_key (
    block INTEGER NOT NULL,
    signer INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (block, signer)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_key_id ON event_key (id);

CREATE TABLE pruned_run (
    first_id INTEGER PRIMARY KEY,
    last_id INTEGER NOT NULL,
    end_hash BLOB NOT NULL
) STRICT;
CREATE TABLE pruning (
    at INTEGER PRIMARY KEY,
    oldest_id INTEGER NOT NULL
) STRICT;

CREATE TABLE dictionary (
    encoding INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

ALTER TABLE large_payload ADD COLUMN sha256 BLOB;
ALTER TABLE log ADD COLUMN chain_hash BLOB NOT NULL
    DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000';
)sql";

base::KeyBytes to_key(Blob bytes) {
    return {bytes.begin(), bytes.end()};
}

/// The events of schema 2, in order, with their keys.
class OldEvents {
  public:
    explicit OldEvents(const SqliteConnection& connection)
        : events_(connection.prepare(
              "SELECT e.id, e.kind, e.source, e.api_version, e.received_at, e.era, e.height, e.block_hash, "
              "e.account, e.large_payload, e.payload, k.first, p.bytes FROM event_2 e LEFT JOIN event_key k "
              "ON k.id = e.id LEFT JOIN public_key p ON p.number = k.second ORDER BY e.id")),
          rows_(events_.query()),
          parts_(connection.prepare("SELECT bytes FROM payload_part WHERE payload = ?1 ORDER BY seq")),
          set_digest_(connection.prepare("UPDATE large_payload SET sha256 = ?2 WHERE number = ?1")) {}

    struct Old {
        base::Event event;
        EventRows::Place place;
    };

    [[nodiscard]] std::optional<Old> next() {
        if (!rows_.next()) return std::nullopt;
        Old old;
        auto& event = old.event;
        old.place.id = static_cast<base::EventId>(rows_.integer(0));
        event.kind = static_cast<base::Kind>(rows_.integer(1));
        event.filter = static_cast<base::Filter>(rows_.integer(2));
        old.place.api_version = base::ApiVersion::unpacked(rows_.integer(3));
        old.place.received_at = rows_.integer(4);
        event.era = number(5);
        event.height = number(6);
        event.block_hash = to_key(rows_.blob(7));
        event.account = to_key(rows_.blob(8));
        event.staged_payload = number(9).value_or(0);
        event.payload = std::string(rows_.text(10));
        event.key = {to_key(rows_.blob(11)), to_key(rows_.blob(12))};
        if (event.staged_payload != 0) add_digest(event.staged_payload);
        return old;
    }

  private:
    [[nodiscard]] std::optional<std::uint64_t> number(int column) const {
        if (rows_.is_null(column)) return std::nullopt;
        return static_cast<std::uint64_t>(rows_.integer(column));
    }

    void add_digest(std::uint64_t payload) {
        std::string bytes;
        auto parts = parts_.query(payload);
        while (parts.next()) bytes += parts.text(0);
        set_digest_.execute(payload, Blob(sha256(bytes)));
    }

    SqliteStatement events_;
    SqliteStatement::Rows rows_;
    SqliteStatement parts_;
    SqliteStatement set_digest_;
};

/// Signatures move from event_key to a table of their own.
void move_keys(const SqliteConnection& connection) {
    const auto kind = std::to_string(static_cast<int>(base::Kind::FinalitySignature));
    connection.execute(
        "INSERT INTO block (hash) SELECT first FROM event_key WHERE kind = " + kind +
        " GROUP BY first ORDER BY min(id);"
        "INSERT INTO signature_key SELECT b.number, k.second, k.id FROM event_key k JOIN block b ON b.hash = "
        "k.first WHERE k.kind = " +
        kind);
}

/// The keys of signatures are still in event_key.
void write_events_anew(const SqliteConnection& connection) {
    auto find_numbers = connection.prepare(
        "SELECT b.number, k.second FROM event_key k JOIN block b ON b.hash = k.first WHERE k.id = ?1");
    auto set_chain = connection.prepare("UPDATE log SET chain_hash = ?1");
    EventRows events(connection, true);
    OldEvents all(connection);
    Digest chain{};
    while (auto old = all.next()) {
        if (old->event.kind == base::Kind::FinalitySignature) {
            auto numbers = find_numbers.query(old->place.id);
            if (!numbers.next()) throw SqliteFailure::corrupt("a signature has no key");
            old->place.numbers = SignatureNumbers{numbers.integer(0), numbers.integer(1)};
        }
        chain = events.insert(old->event, old->place, chain);
        events.flush();
    }
    set_chain.execute(Blob(chain));
}

}  // namespace

void migrate_to_schema_3(const SqliteConnection& connection) {
    connection.execute(kTables);
    auto add_dictionary = connection.prepare("INSERT INTO dictionary VALUES (?1, ?2)");
    add_dictionary.execute(static_cast<int>(Encoding::Packed), as_blob(packing_dictionary()));
    move_keys(connection);
    write_events_anew(connection);
    connection.execute("DELETE FROM event_key WHERE kind = " +
                       std::to_string(static_cast<int>(base::Kind::FinalitySignature)) +
                       "; DROP TABLE event_2");
}

}  // namespace storage
