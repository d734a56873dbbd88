#include "storage/sqlite_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "storage/endpoint_condition.h"
#include "storage/page_budget.h"

namespace storage {

namespace {

// Only deploys are looked up in event_key: the others' keys are no trait, and a page of them shall cost no
// more.
constexpr std::string_view kColumns =
    "SELECT id, kind, source, api_version, height, large_payload, encoding, payload, block.hash, "
    "public_key.bytes, era, account, CASE WHEN kind IN (2, 3, 4) THEN (SELECT k.first FROM event_key k "
    "INDEXED BY event_key_id WHERE k.id = event.id) END FROM event";
constexpr std::string_view kJoins =
    " LEFT JOIN block ON block.number = event.block"
    " LEFT JOIN public_key ON public_key.number = event.signer";
enum Column : int {
    Id,
    Kind,
    Source,
    ApiVersion,
    BlockHeight,
    LargePayload,
    Encoding,
    Payload,
    BlockHash,
    Signer,
    Era,
    Account,
    DeployHash
};

constexpr std::string_view kNodeHistory =
    "SELECT at, from_state, to_state, cause, message, attempt, height, build_version, network_name "
    "FROM node_history WHERE node = ?1 ORDER BY number DESC LIMIT ?2";
enum NodeColumn : int { At, From, To, Cause, Message, Attempt, Height, BuildVersion, NetworkName };

constexpr std::string_view kRange = "id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3";

// Small: there may be a hundred of these.
constexpr std::size_t kCacheKib = 512;

base::EventTraits traits_in(const SqliteStatement::Rows& rows) {
    base::EventTraits traits;
    if (!rows.is_null(Column::Era)) traits.era = static_cast<std::uint64_t>(rows.integer(Column::Era));
    traits.account = base::AccountBytes(rows.blob(Column::Account));
    traits.deploy_hash = base::HashBytes(rows.blob(Column::DeployHash));
    return traits;
}

std::string select(std::string_view index, const std::string& rest) {
    return std::string(kColumns) + std::string(index) + std::string(kJoins) + " " + rest;
}

}  // namespace

SqliteReader::SqliteReader(const std::filesystem::path& file)
    : connection_(open_for_reading(file, kCacheKib)),
      payloads_(connection_),
      head_(connection_.prepare("SELECT next_id FROM log")),
      all_(connection_.prepare(select("", "WHERE " + std::string(kRange)))),
      newest_(connection_.prepare(select("", "ORDER BY id DESC LIMIT ?1"))),
      node_history_(connection_.prepare(kNodeHistory)) {}

SqliteStatement& SqliteReader::endpoint_statement(base::Endpoint endpoint) {
    auto& statement = by_endpoint_[static_cast<std::size_t>(endpoint)];
    if (statement) return *statement;
    const auto condition = endpoint_condition(endpoint);
    const auto* index = condition.by_source ? " INDEXED BY event_source" : " NOT INDEXED";
    return statement.emplace(
        connection_.prepare(select(index, "WHERE " + condition.sql + " AND " + std::string(kRange))));
}

Page SqliteReader::read(const ReadRequest& request) {
    Page page;
    page.next = request.from;
    if (request.max_events == 0 || request.to <= request.from) return page;

    const SqliteTransaction transaction(connection_, SqliteTransaction::Kind::Read);
    const auto head = static_cast<base::EventId>(head_.integer().value_or(0));
    if (head <= request.from) return page;
    const auto to = std::min(request.to, head);

    auto& statement = request.endpoint ? endpoint_statement(*request.endpoint) : all_;
    auto rows = statement.query(request.from, to, sql_limit(request.max_events));
    PageBudget budget(request.max_events, request.max_bytes);
    while (rows.next()) {
        if (is_too_large(rows, budget)) return page;
        auto event = take_event(rows);
        if (!budget.take(event.payload.size())) return page;
        page.events.push_back(std::move(event));
        page.next = page.events.back().id + 1;
    }
    page.next = to;
    return page;
}

std::vector<StoredEvent> SqliteReader::read_newest(std::size_t max_events, std::size_t max_bytes) {
    std::vector<StoredEvent> events;
    const SqliteTransaction transaction(connection_, SqliteTransaction::Kind::Read);
    auto rows = newest_.query(sql_limit(max_events));
    PageBudget budget(max_events, max_bytes);
    while (rows.next() && !is_too_large(rows, budget)) {
        auto event = take_event(rows);
        if (!budget.take(event.payload.size())) break;
        events.push_back(std::move(event));
    }
    std::ranges::reverse(events);
    return events;
}

std::vector<NodeObservation> SqliteReader::node_history(std::string_view node, std::size_t most) {
    std::vector<NodeObservation> observations;
    auto rows = node_history_.query(node, std::min(most, NodeStore::kHistoryPerNode));
    while (rows.next()) {
        NodeObservation& observation = observations.emplace_back();
        observation.node = node;
        observation.at = rows.integer(NodeColumn::At);
        observation.from = rows.text(NodeColumn::From);
        observation.to = rows.text(NodeColumn::To);
        observation.cause = rows.text(NodeColumn::Cause);
        observation.message = rows.text(NodeColumn::Message);
        observation.attempt = static_cast<std::uint32_t>(rows.integer(NodeColumn::Attempt));
        if (!rows.is_null(NodeColumn::Height))
            observation.height = static_cast<std::uint64_t>(rows.integer(NodeColumn::Height));
        observation.build_version = rows.text(NodeColumn::BuildVersion);
        observation.network_name = rows.text(NodeColumn::NetworkName);
    }
    return observations;
}

bool SqliteReader::is_too_large(const SqliteStatement::Rows& rows, const PageBudget& budget) {
    if (rows.is_null(Column::LargePayload)) return false;
    const auto size = payloads_.large_size(rows.integer(Column::LargePayload));
    if (!size)
        throw SqliteFailure::corrupt("event " + std::to_string(rows.integer(Column::Id)) + " has no payload");
    return !budget.has_room_for(*size);
}

StoredEvent SqliteReader::take_event(const SqliteStatement::Rows& rows) {
    const auto id = rows.integer(Column::Id);
    const auto kind = static_cast<std::size_t>(rows.integer(Column::Kind));
    const auto source = static_cast<std::size_t>(rows.integer(Column::Source));
    if (kind >= base::kKinds.size() || source > static_cast<std::size_t>(base::Filter::Sidecar)) {
        throw SqliteFailure::corrupt("event " + std::to_string(id) + " is of an unknown kind or source");
    }
    StoredEvent event;
    event.id = static_cast<base::EventId>(id);
    event.kind = static_cast<base::Kind>(kind);
    event.filter = static_cast<base::Filter>(source);
    event.api_version = base::ApiVersion::unpacked(rows.integer(Column::ApiVersion));
    if (!rows.is_null(Column::BlockHeight))
        event.height = static_cast<std::uint64_t>(rows.integer(Column::BlockHeight));
    event.traits = traits_in(rows);
    event.payload = rows.is_null(Column::LargePayload)
                        ? payloads_.decode(rows.integer(Column::Encoding), rows.text(Column::Payload),
                                           {rows.blob(Column::BlockHash), rows.blob(Column::Signer)})
                        : large_payload(event.id, rows.integer(Column::LargePayload));
    return event;
}

std::string SqliteReader::large_payload(base::EventId id, std::int64_t number) {
    auto payload = payloads_.large(number);
    if (!payload) throw SqliteFailure::corrupt("event " + std::to_string(id) + " has no payload");
    return std::move(*payload);
}

}  // namespace storage
