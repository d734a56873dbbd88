#include "storage/postgresql_pruned_tables.h"

#include <algorithm>
#include <utility>

#include "storage/postgresql_array.h"

namespace storage {

namespace {

constexpr int kMostKeysAtOnce = 1024;
constexpr int kMostHashes = 64;
constexpr int kMostPagesAtOnce = 8;

const PostgresqlStatement kState{"pruning_state", "SELECT oldest_id, next_id, stored_bytes FROM log"};
const PostgresqlStatement kReceived{"received",
                                    "SELECT received_at FROM event WHERE id >= $1 ORDER BY id LIMIT 1"};
const PostgresqlStatement kPrune{
    "prune",
    "WITH before AS MATERIALIZED (SELECT oldest_id FROM log) SELECT p.oldest, p.payloads, b.oldest_id "
    "FROM before b, LATERAL prune($1, $2, $3, $4, $5, $6, $7, $8) p"};
const PostgresqlStatement kKept{"kept", "SELECT count(*) FROM event WHERE id >= $1 AND id < $2"};
const PostgresqlStatement kForgetKeys{"forget_keys", "SELECT next_id FROM forget_keys($1, $2, $3)"};
const PostgresqlStatement kForgetHashes{"forget_hashes", "SELECT reached FROM forget_hashes($1, $2)"};
const PostgresqlStatement kSpace{"event_space", "SELECT taken, needed, vacuums FROM event_space()"};
const PostgresqlStatement kCompact{"compact", "SELECT reached FROM compact($1, $2, $3)"};

/// "{1,22,...}"
std::vector<std::uint64_t> to_numbers(const pqxx::field& field) {
    std::vector<std::uint64_t> numbers;
    if (field.is_null()) return numbers;
    std::string_view text(field.c_str(), field.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] < '0' || text[i] > '9') continue;
        if (text[i - 1] == '{' || text[i - 1] == ',') numbers.push_back(0);
        numbers.back() = numbers.back() * 10 + static_cast<std::uint64_t>(text[i] - '0');
    }
    return numbers;
}

}  // namespace

PostgresqlPrunedTables::PostgresqlPrunedTables(PostgresqlPool& pool, KnownHead& head, std::int64_t instance,
                                               std::vector<base::Kind> kept, std::int64_t spare_bytes)
    : pool_(pool), head_(head), instance_(instance), kept_(std::move(kept)), spare_bytes_(spare_bytes) {}

PrunedTables::State PostgresqlPrunedTables::state() {
    return pool_.use([&](Session& session) {
        const auto rows = session.connection.execute(kState);
        if (rows.size() != 1) throw PostgresqlFailure::corrupt("the table log has not one row");
        const Range range{rows[0][0].as<base::EventId>(), rows[0][1].as<base::EventId>()};
        // Never less than nothing, had another program deleted rows.
        const auto bytes = std::max<std::int64_t>(rows[0][2].as<std::int64_t>(), 0);
        return State{range, static_cast<std::uint64_t>(bytes)};
    });
}

std::optional<UnixMs> PostgresqlPrunedTables::received_at(base::EventId id) {
    return pool_.use([&](Session& session) -> std::optional<UnixMs> {
        const auto rows = session.connection.execute(kReceived, id);
        if (rows.empty()) return std::nullopt;
        return rows[0][0].as<UnixMs>();
    });
}

std::optional<PrunedTables::Deleted> PostgresqlPrunedTables::delete_events(base::EventId to, UnixMs now) {
    ArrayParameter kept(ArrayParameter::Type::Int2);
    for (const auto kind : kept_) kept.add(static_cast<std::int64_t>(kind));
    return pool_.use([&](Session& session) -> std::optional<Deleted> {
        const auto rows =
            session.connection.execute(kPrune, instance_, to, kept.parameter(), kMostRowsPruned,
                                       kMostBytesPruned, now, now - kKeysAreKnownFor, now - kBetweenNotes);
        if (rows[0][0].is_null()) return std::nullopt;
        const auto oldest = rows[0][0].as<base::EventId>();
        head_.learn({.range = {oldest, oldest}, .api_version = {}, .network_name = {}});
        // From the oldest id on nothing is missing: what is not kept was deleted.
        const auto before = rows[0][2].as<base::EventId>();
        std::uint64_t gone = oldest - before;
        if (!kept_.empty() && gone > 0)
            gone -= session.connection.execute(kKept, before, oldest)[0][0].as<std::uint64_t>();
        return Deleted{gone, to_numbers(rows[0][1])};
    });
}

bool PostgresqlPrunedTables::forget_keys(UnixMs now) {
    return pool_.use([&](Session& session) {
        const auto rows = session.connection.execute(kForgetKeys, keys_forgotten_below_, kMostKeysAtOnce,
                                                     now - kKeysAreKnownFor);
        if (rows[0][0].is_null()) return false;
        const auto next = rows[0][0].as<base::EventId>();
        if (std::exchange(keys_forgotten_below_, next) != next) return true;
        return forget_hashes(session);
    });
}

bool PostgresqlPrunedTables::forget_hashes(Session& session) {
    if (std::ranges::find(kept_, base::Kind::FinalitySignature) != kept_.end()) return false;
    const auto rows = session.connection.execute(kForgetHashes, last_hash_looked_at_, kMostHashes);
    if (rows[0][0].is_null()) return false;
    const auto reached = rows[0][0].as<std::int64_t>();
    return std::exchange(last_hash_looked_at_, reached) != reached;
}

/// Only a vacuum makes space free: without one there is nothing new to be done.
bool PostgresqlPrunedTables::begins_to_compact(Session& session) {
    const auto row = session.connection.execute(kSpace)[0];
    const auto taken = row[0].as<std::int64_t>();
    const auto needed = row[1].as<std::int64_t>();
    const auto vacuums = row[2].as<std::int64_t>();
    if (std::exchange(vacuums_seen_, vacuums) == vacuums) return false;
    return taken > 2 * needed + spare_bytes_;
}

bool PostgresqlPrunedTables::give_back_space() {
    return pool_.use([&](Session& session) {
        if (!compacted_down_to_ && !begins_to_compact(session)) return false;
        const auto rows = session.connection.execute(kCompact, compacted_down_to_.value_or(0),
                                                     kMostPagesAtOnce, kMostBytesPruned);
        compacted_down_to_.reset();
        if (!rows[0][0].is_null()) compacted_down_to_ = rows[0][0].as<std::int64_t>();
        return compacted_down_to_.has_value();
    });
}

}  // namespace storage
