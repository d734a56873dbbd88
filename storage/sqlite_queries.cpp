#include "storage/sqlite_queries.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "storage/page_fill.h"

namespace storage {

namespace {

// The upper pages of all indexes of a log of ten million events.
constexpr std::size_t kCacheKib = 4096;

enum Column : int {
    Id,
    Kind,
    ReceivedAt,
    Era,
    Height,
    Encoded,
    Payload,
    Large,
    LargeSize,
    Block,
    Signer,
    First,
    Second
};

/// Events with their columns; `keys` says where block, signer, first and second are found.
std::string select(std::string_view keys, std::string_view from) {
    std::string sql =
        "SELECT e.id, e.kind, e.received_at, e.era, e.height, e.encoding, e.payload, e.large_payload, "
        "(SELECT l.size FROM large_payload l WHERE l.number = e.large_payload), ";
    return sql.append(keys).append(" FROM ").append(from);
}

// CROSS JOIN keeps SQLite to this order of the tables, INDEXED BY to this index.
const std::string kById = select("b.hash, s.bytes, k.first, p.bytes",
                                 "event e"
                                 " LEFT JOIN block b ON b.number = e.block"
                                 " LEFT JOIN public_key s ON s.number = e.signer"
                                 " LEFT JOIN event_key k ON k.id = e.id"
                                 " LEFT JOIN public_key p ON p.number = k.second"
                                 " WHERE e.id = ");
const std::string kEvent = kById + "?1";
const std::string kNewestBlock = kById +
                                 "(SELECT id FROM event INDEXED BY event_height WHERE height IS NOT NULL"
                                 " ORDER BY height DESC, id DESC LIMIT 1)";
const std::string kBlockAt = kById +
                             "(SELECT id FROM event INDEXED BY event_height WHERE height = ?1"
                             " ORDER BY id DESC LIMIT 1)";
// The kind follows as a number: of a parameter SQLite would look at the value, because of the partial index
// on faults, and prepare the statement anew for each one that is bound.
const std::string kFind = select("NULL, NULL, k.first, NULL",
                                 "event_key k CROSS JOIN event e ON e.id = k.id"
                                 " WHERE k.first = ?1 AND k.second = 0 AND k.kind = ");
const std::string kDeploy = select("NULL, NULL, k.first, NULL",
                                   "event_key k CROSS JOIN event e ON e.id = k.id"
                                   " WHERE k.kind IN (2, 3, 4) AND k.first = ?1 AND k.second = 0");
const std::string kFaultsOf = select("NULL, NULL, k.first, p.bytes",
                                     "public_key p CROSS JOIN event_key k INDEXED BY event_key_fault"
                                     " CROSS JOIN event e ON e.id = k.id"
                                     " WHERE p.bytes = ?1 AND k.kind = 5 AND k.second = p.number");
const std::string kFaultsIn = select("NULL, NULL, k.first, p.bytes",
                                     "event_key k CROSS JOIN event e ON e.id = k.id"
                                     " LEFT JOIN public_key p ON p.number = k.second"
                                     " WHERE k.kind = 5 AND k.first = ?1");
const std::string kSignaturesOf = select("b.hash, s.bytes, NULL, NULL",
                                         "block b CROSS JOIN signature_key n ON n.block = b.number"
                                         " CROSS JOIN event e ON e.id = n.id"
                                         " LEFT JOIN public_key s ON s.number = n.signer"
                                         " WHERE b.hash = ?1");
const std::string kDeployEvent =
    "SELECT e.id FROM event_key k CROSS JOIN event e ON e.id = k.id"
    " WHERE k.first = ?1 AND k.second = 0 AND k.kind = ";

std::string of_kind(const std::string& sql, base::Kind kind) {
    return sql + std::to_string(static_cast<int>(kind));
}

std::string direction(Order order) {
    return order == Order::NewestFirst ? " DESC" : " ASC";
}

/// Id, height.
std::string block_rows(Order order) {
    return "SELECT e.id, e.height FROM event e INDEXED BY event_height"
           " WHERE e.height >= ?1 AND e.height <= ?2 ORDER BY e.height" +
           direction(order) + ", e.id" + direction(order);
}

std::string condition_of(const IndexedRows& rows) {
    if (rows.index == nullptr) return rows.limited_to;
    return std::string(rows.limited_to) + " AND e." + rows.column + " = " + std::to_string(rows.value);
}

/// Id, kind.
std::string event_rows(const EventQuery& query) {
    const auto rows = rows_of(query.kind);
    const auto index = rows.index == nullptr ? " NOT INDEXED" : " INDEXED BY " + std::string(rows.index);
    return "SELECT e.id, e.kind FROM event e" + index + " WHERE " + condition_of(rows) +
           " AND e.id >= ?1 AND e.id < ?2 ORDER BY e.id" + direction(query.order);
}

/// Id, kind and hash of events that may be those of deploys. Deleted events have keys, too.
std::string deploy_events(std::string_view index, std::string_view condition) {
    std::string sql = "SELECT e.id, k.kind, k.first FROM event e INDEXED BY ";
    return sql.append(index)
        .append(" CROSS JOIN event_key k ON k.id = e.id WHERE e.id < ?1 AND ")
        .append(condition);
}

std::string deploy_rows_of(base::Kind kind) {
    const auto rows = rows_of(kind);
    return deploy_events(rows.index, condition_of(rows));
}

const std::string kDescending = " ORDER BY e.id DESC";
const std::string kAcceptedRows = deploy_rows_of(base::Kind::DeployAccepted) + kDescending;
const std::string kProcessedRows = deploy_rows_of(base::Kind::DeployProcessed) + kDescending;
const std::string kExpiredRows = deploy_rows_of(base::Kind::DeployExpired) + kDescending;
const std::string kAllRows = deploy_rows_of(base::Kind::DeployAccepted) + " UNION ALL " +
                             deploy_rows_of(base::Kind::DeployProcessed) + " ORDER BY 1 DESC";
const std::string kAccountRows = deploy_events("event_account", "e.account = ?2") + kDescending;
const std::string kBlockRows =
    deploy_events("event_block", "e.block_hash = ?2 AND (?3 IS NULL OR e.account = ?3)") + kDescending;

std::optional<std::uint64_t> number_or_none(const SqliteStatement::Rows& rows, int column) {
    if (rows.is_null(column)) return std::nullopt;
    return static_cast<std::uint64_t>(rows.integer(column));
}

base::KeyBytes to_key(Blob bytes) {
    return {bytes.begin(), bytes.end()};
}

SqliteFailure damaged(base::EventId id, const char* how) {
    return SqliteFailure::corrupt("event " + std::to_string(id) + " " + how);
}

void sort_by_id(std::vector<FoundEvent>& events) {
    std::ranges::sort(events, {}, &FoundEvent::id);
}

}  // namespace

SqliteQueries::SqliteQueries(const std::filesystem::path& file)
    : connection_(open_for_reading(file, kCacheKib)), payloads_(connection_) {}

SqliteStatement& SqliteQueries::statement(const std::string& sql) {
    const auto known = statements_.find(sql);
    if (known != statements_.end()) return known->second;
    return statements_.emplace(sql, connection_.prepare(sql)).first->second;
}

std::optional<FoundEvent> SqliteQueries::newest_block() {
    return first_of(statement(kNewestBlock).query());
}

std::optional<FoundEvent> SqliteQueries::block_at(std::uint64_t height) {
    if (height > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    return first_of(statement(kBlockAt).query(height));
}

std::optional<FoundEvent> SqliteQueries::find(base::Kind kind, const base::KeyBytes& hash) {
    return first_of(statement(of_kind(kFind, kind)).query(Blob(hash)));
}

FoundDeploy SqliteQueries::deploy(const base::KeyBytes& hash) {
    FoundDeploy deploy{.hash = hash, .accepted = {}, .processed = {}, .expired = {}};
    auto rows = statement(kDeploy).query(Blob(hash));
    while (rows.next()) {
        auto event = take_event(rows);
        if (auto* part = part_of(deploy, event.kind)) *part = std::move(event);
    }
    return deploy;
}

std::vector<FoundEvent> SqliteQueries::faults_of(const base::KeyBytes& public_key) {
    return all_of(statement(kFaultsOf).query(Blob(public_key)));
}

std::vector<FoundEvent> SqliteQueries::faults_in(std::uint64_t era) {
    const auto key = key_of_era(era);
    return all_of(statement(kFaultsIn).query(Blob(key)));
}

std::vector<FoundEvent> SqliteQueries::signatures_of(const base::KeyBytes& block_hash) {
    return all_of(statement(kSignaturesOf).query(Blob(block_hash)));
}

Listing<FoundEvent> SqliteQueries::blocks(const BlockQuery& query) {
    const auto heights = heights_of(query);
    const SqliteTransaction transaction(connection_, SqliteTransaction::Kind::Read);
    PageFill<FoundEvent> page(query.limits);
    auto rows = statement(block_rows(query.order)).query(heights.first, heights.last);
    while (rows.next()) {
        const Place place{static_cast<std::uint64_t>(rows.integer(1)),
                          static_cast<base::EventId>(rows.integer(0))};
        if (!is_behind(query, place)) continue;
        if (!page.look_at(place)) break;
        auto found = event(place.id);
        const auto bytes = payload_bytes(found);
        if (!page.add(std::move(found), bytes)) break;
    }
    return page.take();
}

Listing<FoundEvent> SqliteQueries::events(const EventQuery& query) {
    const auto ids = ids_of(query);
    const SqliteTransaction transaction(connection_, SqliteTransaction::Kind::Read);
    PageFill<FoundEvent> page(query.limits);
    auto rows = statement(event_rows(query)).query(ids.from, ids.to);
    while (rows.next()) {
        const auto id = static_cast<base::EventId>(rows.integer(0));
        if (!page.look_at({0, id})) break;
        if (query.kind && rows.integer(1) != static_cast<int>(*query.kind)) continue;
        auto found = event(id);
        const auto bytes = payload_bytes(found);
        if (!page.add(std::move(found), bytes)) break;
    }
    return page.take();
}

Listing<FoundDeploy> SqliteQueries::deploys(const DeployQuery& query) {
    const SqliteTransaction transaction(connection_, SqliteTransaction::Kind::Read);
    PageFill<FoundDeploy> page(query.limits);
    auto rows = deploy_rows(query);
    while (rows.next()) {
        const auto id = static_cast<base::EventId>(rows.integer(0));
        if (!page.look_at({0, id})) break;
        const auto kind = static_cast<base::Kind>(rows.integer(1));
        const auto hash = to_key(rows.blob(2));
        const auto event_of = [&](base::Kind other) {
            auto& deploy_event = statement(of_kind(kDeployEvent, other));
            return static_cast<base::EventId>(deploy_event.integer(Blob(hash)).value_or(0));
        };
        if (!is_listed_at(query, {id, kind}, event_of)) continue;
        auto found = deploy(hash);
        const auto bytes = payload_bytes(found);
        if (!page.add(std::move(found), bytes)) break;
    }
    return page.take();
}

SqliteStatement::Rows SqliteQueries::deploy_rows(const DeployQuery& query) {
    const auto below = query.after ? std::min(query.after->id, base::kMaxEventId) : base::kMaxEventId;
    switch (path_of(query)) {
        case DeployPath::All:
            return statement(kAllRows).query(below);
        case DeployPath::Accepted:
            return statement(kAcceptedRows).query(below);
        case DeployPath::Processed:
            return statement(kProcessedRows).query(below);
        case DeployPath::Expired:
            return statement(kExpiredRows).query(below);
        case DeployPath::Account:
            return statement(kAccountRows).query(below, Blob(*query.account));
        case DeployPath::Block:
            break;
    }
    const auto account = query.account ? std::optional(Blob(*query.account)) : std::nullopt;
    return statement(kBlockRows).query(below, Blob(*query.block_hash), account);
}

std::optional<std::string> SqliteQueries::large(std::uint64_t number) {
    const SqliteTransaction transaction(connection_, SqliteTransaction::Kind::Read);
    return payloads_.large(static_cast<std::int64_t>(number));
}

FoundEvent SqliteQueries::event(base::EventId id) {
    auto found = first_of(statement(kEvent).query(id));
    if (!found) throw damaged(id, "is in an index and not in the table");
    return std::move(*found);
}

std::optional<FoundEvent> SqliteQueries::first_of(Rows rows) {
    if (!rows.next()) return std::nullopt;
    return take_event(rows);
}

std::vector<FoundEvent> SqliteQueries::all_of(Rows rows) {
    std::vector<FoundEvent> events;
    while (rows.next()) events.push_back(take_event(rows));
    sort_by_id(events);
    return events;
}

FoundEvent SqliteQueries::take_event(const Rows& rows) {
    FoundEvent event;
    event.id = static_cast<base::EventId>(rows.integer(Column::Id));
    const auto kind = static_cast<std::size_t>(rows.integer(Column::Kind));
    if (kind >= base::kKinds.size()) throw damaged(event.id, "is of an unknown kind");
    event.kind = static_cast<base::Kind>(kind);
    event.received_at = std::chrono::milliseconds(rows.integer(Column::ReceivedAt));
    event.era = number_or_none(rows, Column::Era);
    event.height = number_or_none(rows, Column::Height);
    const bool is_signature = event.kind == base::Kind::FinalitySignature;
    event.key.first = to_key(rows.blob(is_signature ? Column::Block : Column::First));
    event.key.second = to_key(rows.blob(is_signature ? Column::Signer : Column::Second));
    if (!rows.is_null(Column::Large)) {
        if (rows.is_null(Column::LargeSize)) throw damaged(event.id, "has no payload");
        event.large = static_cast<std::uint64_t>(rows.integer(Column::Large));
        event.size = static_cast<std::size_t>(rows.integer(Column::LargeSize));
        return event;
    }
    if (rows.is_null(Column::Payload)) throw damaged(event.id, "has no payload");
    event.payload = payloads_.decode(rows.integer(Column::Encoded), rows.text(Column::Payload),
                                     {rows.blob(Column::Block), rows.blob(Column::Signer)});
    event.size = event.payload.size();
    return event;
}

}  // namespace storage
