#include "storage/postgresql_schema.h"

#include <array>
#include <chrono>
#include <fmt/format.h>
#include <functional>
#include <optional>
#include <string_view>

#include "storage/chain_hash.h"
#include "storage/payload_codec.h"
#include "storage/postgresql_retention_tables.h"
#include "storage/postgresql_tables.h"
#include "storage/uuid.h"

namespace storage {

namespace {

/// Element i brings schema i to schema i + 1. Never changed once released, only added to.
constexpr std::array<std::string_view (*)(), 4> kPostgresqlMigrations{
    postgresql_tables_1, postgresql_tables_2, postgresql_tables_3, postgresql_tables_4};

/// An index over a very large table takes its time.
constexpr std::chrono::hours kMigrationPatience{6};
constexpr const char* kPatient = "SET statement_timeout = 0; SET lock_timeout = '60s'";

// Of this project's schemas: "ESLG" twice.
constexpr std::string_view kLockSchema = "SELECT pg_advisory_xact_lock(5000948331229236295)";

const PostgresqlStatement kHead{"head", "SELECT oldest_id, next_id, api_version, network_name FROM log"};
const PostgresqlStatement kFeedId{"feed_id", "SELECT feed_id FROM log"};
const PostgresqlStatement kPositions{
    "positions",
    "SELECT node, filter, event_id, generation, kind, key_first, key_second FROM node_position "
    "WHERE instance = $1"};
const PostgresqlStatement kFindInstance{"find_instance", "SELECT number FROM instance WHERE name = $1"};
const PostgresqlStatement kAddInstance{"add_instance",
                                       "INSERT INTO instance (name) VALUES ($1) ON CONFLICT DO NOTHING"};
const PostgresqlStatement kBeginAt{
    "begin_at",
    "UPDATE log SET oldest_id = $1, next_id = $1 WHERE oldest_id = next_id AND next_id = 1 AND $1 > 1"};
const PostgresqlStatement kBeginAnywhere{
    "begin_anywhere",
    "UPDATE log SET oldest_id = $1, next_id = $1 WHERE oldest_id = next_id AND network_name = ''"};
const PostgresqlStatement kMakeLog{"make_log", "INSERT INTO log VALUES (1, 1, 0, $1, $2, '', true)"};
const PostgresqlStatement kAddDictionary{"add_dictionary", "INSERT INTO dictionary VALUES ($1, $2)"};

/// 0: there is no schema. Nothing: it is not ours.
std::optional<std::int64_t> find_version(PostgresqlConnection& connection) {
    // In one statement: another instance may just be making it.
    const auto found = connection.run(
        "SELECT to_regclass('event_sidecar.schema_version') IS NOT NULL, (SELECT count(*) FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'event_sidecar')");
    if (!found[0][0].as<bool>()) {
        if (found[0][1].as<std::int64_t>() != 0) return std::nullopt;
        return 0;
    }
    const auto rows = connection.run("SELECT version FROM event_sidecar.schema_version");
    if (rows.size() != 1) throw PostgresqlFailure::corrupt("the table schema_version has not one row");
    return rows[0][0].as<std::int64_t>();
}

base::Result<std::int64_t> usable_version(PostgresqlConnection& connection,
                                          const PostgresqlOptions& options) {
    const auto version = find_version(connection);
    if (!version) {
        return base::invalid(fmt::format(
            "{}: the schema event_sidecar belongs to another program and is left untouched; choose another "
            "database_name",
            describe(options)));
    }
    if (*version > newest_postgresql_schema_version()) {
        return base::invalid(fmt::format(
            "{} has schema {}, this program knows up to {}: it was written by a newer version; install that "
            "one, or choose another database_name",
            describe(options), *version, newest_postgresql_schema_version()));
    }
    return *version;
}

void make_log(PostgresqlConnection& connection) {
    constexpr int kFirstDictionary = 1;
    connection.execute(kMakeLog, to_parameter(Digest{}), new_uuid());
    connection.execute(kAddDictionary, kFirstDictionary, to_parameter(packing_dictionary()));
}

/// What the log takes, for the schema that keeps account of it; in parts, as a statement has its time.
void count_stored_bytes(PostgresqlConnection& connection) {
    constexpr base::EventId kAtOnce = 100'000;
    for (base::EventId from = 0, next = load_head(connection).range.next; from < next; from += kAtOnce) {
        connection.run(fmt::format(
            "UPDATE log SET stored_bytes = stored_bytes + (SELECT coalesce(sum(stored_bytes(kind, payload, "
            "key_first, key_second, large_payload)), 0) FROM event WHERE id >= {} AND id < {})",
            from, from + kAtOnce));
    }
}

void migrate(PostgresqlConnection& connection, std::int64_t version) {
    if (version == 0) {
        connection.run("CREATE SCHEMA IF NOT EXISTS event_sidecar");
        connection.run("CREATE TABLE schema_version (version int NOT NULL)");
        connection.run("INSERT INTO schema_version VALUES (0)");
    }
    for (auto v = static_cast<std::size_t>(version); v < kPostgresqlMigrations.size(); ++v) {
        connection.run(std::string(kPostgresqlMigrations[v]()));
    }
    connection.run(std::string(postgresql_retention_functions()));
    connection.run(std::string(postgresql_functions()));
    if (version == 1) count_stored_bytes(connection);
    if (version == 0) make_log(connection);
    connection.run(fmt::format("UPDATE schema_version SET version = {}", kPostgresqlMigrations.size()));
}

base::KeyBytes key_bytes(const pqxx::field& field) {
    const auto bytes = to_bytes(field);
    return {bytes.begin(), bytes.end()};
}

}  // namespace

std::int64_t newest_postgresql_schema_version() {
    return static_cast<std::int64_t>(kPostgresqlMigrations.size());
}

/// Looks first without a right to change anything; then under a lock, as another instance may be at it.
base::Result<void> prepare_schema(PostgresqlConnection& looking, const PostgresqlOptions& options) {
    const auto found = usable_version(looking, options);
    if (!found) return found.error();
    if (*found == newest_postgresql_schema_version()) return {};

    Deadlines deadlines(kMigrationPatience);
    PostgresqlConnection connection(options, deadlines);
    connection.run(kPatient);
    PostgresqlTransaction transaction(connection);
    connection.run(std::string(kLockSchema));
    const auto version = usable_version(connection, options);
    if (!version) return version.error();
    if (*version < newest_postgresql_schema_version()) migrate(connection, *version);
    transaction.commit();
    return {};
}

base::Result<void> check_schema(PostgresqlConnection& connection, const PostgresqlOptions& options) {
    const auto version = usable_version(connection, options);
    if (!version) return version.error();
    if (*version == 0) return base::unavailable("there is no event log in " + describe(options));
    if (*version == newest_postgresql_schema_version()) return {};
    return base::invalid(
        fmt::format("{} has schema {}, this program reads schema {}: start the sidecar of "
                    "this version once, or use the version that wrote it",
                    describe(options), *version, newest_postgresql_schema_version()));
}

PostgresqlHead load_head(PostgresqlConnection& connection) {
    const auto rows = connection.execute(kHead);
    if (rows.size() != 1) throw PostgresqlFailure::corrupt("the table log has not one row");
    PostgresqlHead head;
    head.range.oldest = rows[0][0].as<base::EventId>();
    head.range.next = rows[0][1].as<base::EventId>();
    head.api_version = base::ApiVersion::unpacked(rows[0][2].as<std::int64_t>());
    head.network_name = rows[0][3].as<std::string>();
    return head;
}

std::string load_feed_id(PostgresqlConnection& connection) {
    const auto rows = connection.execute(kFeedId);
    if (rows.size() != 1) throw PostgresqlFailure::corrupt("the table log has not one row");
    return rows[0][0].as<std::string>();
}

Positions load_positions(PostgresqlConnection& connection, std::int64_t instance) {
    Positions positions;
    for (const auto& row : connection.execute(kPositions, instance)) {
        const auto filter = row[1].as<int>();
        const auto kind = row[4].as<int>();
        if (filter < 0 || filter > static_cast<int>(base::Filter::Sidecar) || kind < 0 ||
            kind >= static_cast<int>(base::kKinds.size())) {
            throw PostgresqlFailure::corrupt("the table node_position holds an unknown endpoint or kind");
        }
        StoredPosition stored;
        stored.position.event_id = row[2].as<std::uint32_t>();
        stored.position.generation = row[3].as<std::uint32_t>();
        stored.kind = static_cast<base::Kind>(kind);
        stored.key = {key_bytes(row[5]), key_bytes(row[6])};
        positions[{row[0].as<std::string>(), static_cast<base::Filter>(filter)}] = std::move(stored);
    }
    return positions;
}

std::int64_t instance_number(PostgresqlConnection& connection, const std::string& name) {
    auto rows = connection.execute(kFindInstance, name);
    if (rows.empty()) {
        connection.execute(kAddInstance, name);
        rows = connection.execute(kFindInstance, name);
    }
    if (rows.empty()) throw PostgresqlFailure::corrupt("the instance " + name + " cannot be stored");
    return rows[0][0].as<std::int64_t>();
}

bool begin_at(PostgresqlConnection& connection, base::EventId next) {
    return connection.execute(kBeginAt, next).affected_rows() == 1;
}

bool begin_anywhere(PostgresqlConnection& connection, base::EventId first) {
    return connection.execute(kBeginAnywhere, first).affected_rows() == 1;
}

}  // namespace storage
