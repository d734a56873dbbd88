#include "storage/sqlite_schema.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "storage/event_rows.h"
#include "storage/migration_3.h"
#include "storage/uuid.h"

namespace storage {

namespace {

// Why the tables are as they are:
//  - event holds the payload last: a row's other columns are read without following its overflow pages.
//  - event_key is the deduplication. Clustered by kind and block hash, so that the signatures of a block
//    fall on the same pages; a key hashed as a whole would touch a random page a row. Public keys, the same
//    hundred in every block, are numbers there (number 0: the key has no second part).
//  - event.block_hash is NULL where event_key.first holds the same hash. With it, and with every index
//    being partial, a signature costs one row in each of two B-trees and nothing else. Events of a block, an
//    era or a hash are found by event_key; the faults of an era, the step of an era likewise.
//  - event_source lets the endpoints without signatures be read without passing over these.
//  - next_id is stored, not derived: when old events are pruned, ids must not come back.
//  - large_payload numbers are never given twice (AUTOINCREMENT): a number may be released while a node's
//    connection still holds it. `appended` = 0: staged, but of no event yet.
//  - encoding: 0 means the bytes as they are. chain_hash is room for a hash over all events up to this one.
constexpr const char* kSchema1 = R"sql(
CREATE TABLE log (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    feed_id TEXT NOT NULL,
    network_name TEXT NOT NULL,
    oldest_id INTEGER NOT NULL,
    next_id INTEGER NOT NULL,
    api_version INTEGER NOT NULL
) STRICT;

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    source INTEGER NOT NULL,
    api_version INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    era INTEGER,
    height INTEGER,
    block_hash BLOB,
    account BLOB,
    chain_hash BLOB,
    large_payload INTEGER REFERENCES large_payload (number),
    encoding INTEGER NOT NULL,
    payload BLOB
) STRICT;
CREATE INDEX event_source ON event (source) WHERE source <> 2;
CREATE INDEX event_height ON event (height) WHERE height IS NOT NULL;
CREATE INDEX event_block ON event (block_hash) WHERE block_hash IS NOT NULL;
CREATE INDEX event_account ON event (account) WHERE account IS NOT NULL;

CREATE TABLE public_key (
    number INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE event_key (
    kind INTEGER NOT NULL,
    first BLOB NOT NULL,
    second INTEGER NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (kind, first, second)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_key_fault ON event_key (second) WHERE kind = 5;

CREATE TABLE node_position (
    node TEXT NOT NULL,
    filter INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    key_first BLOB NOT NULL,
    key_second BLOB NOT NULL,
    PRIMARY KEY (node, filter)
) STRICT, WITHOUT ROWID;

CREATE TABLE large_payload (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    size INTEGER NOT NULL,
    encoding INTEGER NOT NULL,
    appended INTEGER NOT NULL
) STRICT;
CREATE INDEX large_payload_waiting ON large_payload (number) WHERE appended = 0;

CREATE TABLE payload_part (
    id INTEGER PRIMARY KEY,
    payload INTEGER NOT NULL REFERENCES large_payload (number),
    seq INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX payload_part_seq ON payload_part (payload, seq);
)sql";

// What is known of the nodes themselves:
//  - node_intent.wish is NodeIntent::Wish; an empty configuration stands in the configuration file.
//  - node_observed has a node's newest observation, for programs that read beside the sidecar.
//  - node_history is in the order in which the transitions were noted, which a clock that is set back does
//  not change. `height` has the bits of an unsigned number.
constexpr const char* kSchema2 = R"sql(
CREATE TABLE node_intent (
    node TEXT NOT NULL PRIMARY KEY,
    wish INTEGER NOT NULL,
    configuration TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE node_observed (
    node TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    cause TEXT NOT NULL,
    message TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    height INTEGER,
    build_version TEXT NOT NULL,
    network_name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE node_history (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    node TEXT NOT NULL,
    at INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    cause TEXT NOT NULL,
    message TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    height INTEGER,
    build_version TEXT NOT NULL,
    network_name TEXT NOT NULL
) STRICT;
CREATE INDEX node_history_node ON node_history (node, number);
)sql";

// node_gap: ids of a node that were never read; last_id is NULL where the end is not known. `number` is the
// order in which they were found.
constexpr const char* kNodeGap = R"sql(
CREATE TABLE node_gap (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    node TEXT NOT NULL,
    filter INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    first_id INTEGER NOT NULL,
    last_id INTEGER,
    at INTEGER NOT NULL,
    UNIQUE (node, filter, generation, first_id)
) STRICT;
)sql";

// event_rare finds the kinds of which there are few among very many: a query that asks for one passes over no
// others.
constexpr const char* kRareKinds = R"sql(
CREATE INDEX event_rare ON event (kind) WHERE kind NOT IN (2, 3, 6);
)sql";

// The same index by comparisons: for a list of three, SQLite builds a table of it whenever a row is inserted,
// which took longer than all else of a row.
constexpr const char* kRareKindsCompared = R"sql(
DROP INDEX event_rare;
CREATE INDEX event_rare ON event (kind) WHERE kind <> 2 AND kind <> 3 AND kind <> 6;
)sql";

/// Element i brings schema i to schema i + 1. Never changed once released, only added to.
using SqliteMigration = void (*)(const SqliteConnection&);
constexpr std::array<SqliteMigration, 6> kSqliteMigrations{
    [](const SqliteConnection& connection) { connection.execute(kSchema1); },
    [](const SqliteConnection& connection) { connection.execute(kSchema2); },
    migrate_to_schema_3,
    [](const SqliteConnection& connection) { connection.execute(kNodeGap); },
    [](const SqliteConnection& connection) { connection.execute(kRareKinds); },
    [](const SqliteConnection& connection) { connection.execute(kRareKindsCompared); },
};

constexpr std::size_t kHeaderSize = 100;
using Header = std::array<char, kHeaderSize>;

/// The file format's header: https://www.sqlite.org/fileformat2.html#the_database_header
std::int64_t header_integer(const Header& header, std::size_t offset) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = (value << 8U) | static_cast<unsigned char>(header[offset + i]);
    return value;
}
std::int64_t user_version_of(const Header& header) {
    return header_integer(header, 60);
}
std::int64_t application_id_of(const Header& header) {
    return header_integer(header, 68);
}

base::Error foreign(const std::filesystem::path& file, std::string_view owner) {
    return base::invalid(file.string() + " belongs to " + std::string(owner) +
                         " and is left untouched; choose another storage_path or file_name");
}

/// The tables of a file that does not carry our application id.
base::Result<DatabaseFile> inspect_tables(const std::filesystem::path& file) {
    const SqliteConnection connection(file, SqliteConnection::Mode::Immutable);
    const auto rust_tables = connection.integer(
        "SELECT count(*) FROM sqlite_schema WHERE name IN ('event_log', 'event_type', 'BlockAdded', "
        "'DeployAccepted')");
    if (rust_tables != 0) return foreign(file, "the Rust sidecar");
    if (connection.integer("SELECT count(*) FROM sqlite_schema") != 0)
        return foreign(file, "another program");
    if (connection.integer("PRAGMA application_id") != 0) return foreign(file, "another program");

    // Tables may lie in a write-ahead log alone; reading it would write beside it.
    std::error_code error;
    const auto wal = file.string() + "-wal";
    if (std::filesystem::exists(wal, error) && std::filesystem::file_size(wal, error) != 0) {
        return foreign(file, "another program (it has a write-ahead log)");
    }
    return DatabaseFile::New;
}

base::Error unfinished_repair(const std::filesystem::path& file) {
    return base::unavailable("a repair of " + file.string() +
                             " was interrupted: `event-sidecar verify --repair " + file.string() +
                             "` ends it");
}

void migrate(const SqliteConnection& connection, std::int64_t version) {
    SqliteTransaction transaction(connection, SqliteTransaction::Kind::Write);
    for (auto v = static_cast<std::size_t>(version); v < kSqliteMigrations.size(); ++v) {
        kSqliteMigrations[v](connection);
    }
    if (version == 0) {
        const std::string feed_id = new_uuid();
        auto insert = connection.prepare(
            "INSERT INTO log (one, feed_id, network_name, oldest_id, next_id, api_version) VALUES (1, ?1, "
            "'', 1, 1, 0)");
        insert.execute(std::string_view(feed_id));
        connection.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
    }
    connection.execute("PRAGMA user_version = " + std::to_string(kSqliteMigrations.size()));
    transaction.commit();
}

/// Before the switch to write-ahead logging, so that the main file itself says from its first byte on whose
/// it is.
void create(const SqliteConnection& connection) {
    connection.execute("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = INCREMENTAL");
    if (connection.integer("PRAGMA page_count") != 0) connection.execute("VACUUM");
    migrate(connection, 0);
}

}  // namespace

std::int64_t newest_schema_version() {
    return static_cast<std::int64_t>(kSqliteMigrations.size());
}

base::Error newer_schema(const std::filesystem::path& file, std::int64_t version) {
    return base::invalid(
        file.string() + " has schema " + std::to_string(version) + ", this program knows up to " +
        std::to_string(newest_schema_version()) +
        ": it was written by a newer version; install that one, or choose another storage_path or "
        "file_name");
}

std::filesystem::path repaired_file(const std::filesystem::path& file) {
    return file.string() + ".repaired";
}

base::Result<DatabaseFile> inspect_database_file(const std::filesystem::path& file) {
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    if (std::filesystem::exists(repaired_file(file), error)) return unfinished_repair(file);
    if (!std::filesystem::exists(status)) return DatabaseFile::New;
    if (!std::filesystem::is_regular_file(status)) return base::invalid(file.string() + " is not a file");

    Header header{};
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        return base::unavailable("cannot read " + file.string() + ": " + std::strerror(errno) +
                                 "; check its owner and permissions");
    }
    stream.read(header.data(), header.size());
    if (stream.gcount() == 0) return DatabaseFile::New;
    constexpr std::string_view kMagic("SQLite format 3\0", 16);
    if (stream.gcount() < static_cast<std::streamsize>(kHeaderSize) ||
        !std::string_view(header.data(), 16).starts_with(kMagic)) {
        return base::corrupt(file.string() +
                             " is not an SQLite database, or its beginning is damaged; restore a backup, or "
                             "move it away to start "
                             "a new log");
    }
    if (application_id_of(header) != kApplicationId) {
        try {
            return inspect_tables(file);
        } catch (const SqliteFailure& failure) {
            return to_error(failure, file);
        }
    }
    if (user_version_of(header) > newest_schema_version()) return newer_schema(file, user_version_of(header));
    return DatabaseFile::Ours;
}

base::Result<void> prepare_schema(const SqliteConnection& connection, const std::filesystem::path& file) {
    connection.checkpoint_on_close(false);
    const auto version = connection.integer("PRAGMA user_version");
    if (version > newest_schema_version()) return newer_schema(file, version);
    if (version == 0) {
        create(connection);
    } else if (version < newest_schema_version()) {
        migrate(connection, version);
    }
    const auto mode = connection.text("PRAGMA journal_mode = WAL");
    if (mode != "wal") {
        return base::unavailable("write-ahead logging cannot be used for " + file.string() +
                                 "; storage_path must be on a local file system");
    }
    connection.checkpoint_on_close(true);
    return {};
}

base::Result<void> check_schema(const std::filesystem::path& file) {
    const SqliteConnection connection(file, SqliteConnection::Mode::ReadOnly);
    connection.busy_timeout(1000);
    connection.execute(
        "PRAGMA writable_schema = ON");  // a file that is cut off says its version all the same
    const auto version = connection.integer("PRAGMA user_version");
    if (version == newest_schema_version()) return {};
    if (version > newest_schema_version()) return newer_schema(file, version);
    return base::invalid(file.string() + " has schema " + std::to_string(version) +
                         ", this program reads schema " + std::to_string(newest_schema_version()) +
                         ": use the version that wrote it, or start the sidecar of this version once");
}

base::Error no_log_in(const std::filesystem::path& file) {
    return base::unavailable("there is no event log in " + file.string() +
                             "; check storage_path and file_name");
}

base::Error to_opening_error(const SqliteFailure& failure, const std::filesystem::path& file) {
    constexpr int kSqliteError = 1;
    if (failure.primary_code() != kSqliteError) return to_error(failure, file);
    return to_error(SqliteFailure::corrupt(failure.what()), file);
}

LogHead load_head(const SqliteConnection& connection) {
    auto statement = connection.prepare(
        "SELECT feed_id, network_name, oldest_id, next_id, api_version, chain_hash FROM log");
    auto rows = statement.query();
    if (!rows.next()) throw SqliteFailure::corrupt("the table log has no row");
    LogHead head;
    head.feed_id = rows.text(0);
    head.network_name = rows.text(1);
    head.range.oldest = static_cast<base::EventId>(rows.integer(2));
    head.range.next = static_cast<base::EventId>(rows.integer(3));
    head.api_version = base::ApiVersion::unpacked(rows.integer(4));
    head.chain = to_digest(rows.blob(5));
    return head;
}

Positions load_positions(const SqliteConnection& connection) {
    auto statement = connection.prepare(
        "SELECT node, filter, event_id, generation, kind, key_first, key_second FROM node_position");
    auto rows = statement.query();
    Positions positions;
    while (rows.next()) {
        const auto filter = rows.integer(1);
        const auto kind = rows.integer(4);
        if (filter > static_cast<int>(base::Filter::Sidecar) ||
            kind >= static_cast<int>(base::kKinds.size())) {
            throw SqliteFailure::corrupt("the table node_position holds an unknown endpoint or kind");
        }
        StoredPosition stored;
        stored.position.event_id = static_cast<std::uint32_t>(rows.integer(2));
        stored.position.generation = static_cast<std::uint32_t>(rows.integer(3));
        stored.kind = static_cast<base::Kind>(kind);
        const Blob first = rows.blob(5);
        const Blob second = rows.blob(6);
        stored.key.first.assign(first.begin(), first.end());
        stored.key.second.assign(second.begin(), second.end());
        positions[{std::string(rows.text(0)), static_cast<base::Filter>(filter)}] = std::move(stored);
    }
    return positions;
}

}  // namespace storage
