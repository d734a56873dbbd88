#include "storage/postgresql_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <utility>

#include "storage/endpoint_condition.h"
#include "storage/postgresql_schema.h"
#include "storage/postgresql_stored_payloads.h"

namespace storage {

namespace {

/// Events that match, until their stored payloads are so many bytes together; the first whatever its size. $3
/// is the most events, $4 the bytes. The payloads themselves are fetched for what is given only.
std::string page_sql(std::string_view condition, std::string_view direction) {
    return fmt::format(
        "SELECT p.id, p.kind, p.source, p.api_version, p.instance, p.large_payload, p.encoding, p.size, "
        "p.height,"
        " coalesce(p.key_first, (SELECT h.bytes FROM hash h WHERE h.number = p.block)),"
        " coalesce(p.key_second, (SELECT k.bytes FROM public_key k WHERE k.number = p.signer)), p.payload, "
        "p.era, p.account "
        "FROM (SELECT f.*, sum(f.size) OVER (ORDER BY f.id {1} ROWS UNBOUNDED PRECEDING) - f.size AS before"
        " FROM (SELECT e.*, coalesce(octet_length(e.payload),"
        " (SELECT l.size FROM large_payload l WHERE l.number = e.large_payload)) AS size"
        " FROM event e WHERE {0} AND e.id >= $1 AND e.id < $2 ORDER BY e.id {1} LIMIT $3) f) p "
        "WHERE p.before < $4 ORDER BY p.id {1}",
        condition, direction);
}
enum Column : int {
    Id,
    Kind,
    Source,
    ApiVersion,
    Instance,
    Large,
    Encoded,
    Size,
    Height,
    First,
    Second,
    Payload,
    Era,
    Account
};

const PostgresqlStatement kExists{"exists", "SELECT count(*) FROM event WHERE id = $1"};

constexpr std::size_t kNewestAtOnce = 512;
constexpr std::size_t kNewestBytesAtOnce = std::size_t{4} << 20;

template <std::size_t... I>
std::array<PostgresqlStatement, base::kEndpointCount> endpoint_statements(std::int64_t instance,
                                                                          std::index_sequence<I...>) {
    constexpr std::array kNames{"read_events", "read_main", "read_deploys", "read_sigs", "read_sidecar"};
    const auto condition = [&](base::Endpoint endpoint) {
        auto sql = endpoint_condition(endpoint).sql;
        if (endpoint == base::Endpoint::Sidecar) sql += fmt::format(" AND e.instance = {}", instance);
        return sql;
    };
    return {PostgresqlStatement{kNames[I], page_sql(condition(base::kEndpoints[I]), "ASC")}...};
}

template <class Bytes>
Bytes bytes_in(const pqxx::field& field) {
    if (field.is_null()) return {};
    const auto bytes = to_bytes(field);
    return Bytes({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

base::EventTraits traits_in(const pqxx::row& row, base::Kind kind) {
    base::EventTraits traits;
    if (!row[Column::Era].is_null())
        traits.era = static_cast<std::uint64_t>(row[Column::Era].as<std::int64_t>());
    traits.account = bytes_in<base::AccountBytes>(row[Column::Account]);
    if (base::has_trait(kind, base::Trait::DeployHash))
        traits.deploy_hash = bytes_in<base::HashBytes>(row[Column::First]);
    return traits;
}

/// Nothing, when the event was deleted since its row was read.
std::optional<std::string> large_payload_of(PostgresqlPool::Session& session, const pqxx::row& row) {
    const auto id = row[Column::Id].as<base::EventId>();
    const auto is_deleted = [&] { return session.connection.execute(kExists, id)[0][0].as<int>() == 0; };
    try {
        auto payload = large_payload(session, row[Column::Large].as<std::uint64_t>());
        if (payload) return payload;
    } catch (const PostgresqlFailure& failure) {
        if (failure.category() != base::Error::Category::Corrupt || !is_deleted()) throw;
        return std::nullopt;
    }
    if (!is_deleted()) throw PostgresqlFailure::corrupt(fmt::format("event {} has no payload", id));
    return std::nullopt;
}

}  // namespace

PostgresqlReader::PostgresqlReader(PostgresqlPool& pool, KnownHead& head, std::int64_t instance,
                                   std::function<void()> learnt)
    : pool_(pool),
      head_(head),
      instance_(instance),
      learnt_(std::move(learnt)),
      all_{"read_all", page_sql("true", "ASC")},
      by_endpoint_(endpoint_statements(instance, std::make_index_sequence<base::kEndpointCount>())),
      newest_{"read_newest", page_sql("true", "DESC")} {}

base::Result<Page> PostgresqlReader::read(const ReadRequest& request) const {
    return pool_.try_read([&](Session& session) { return read_page(session, request); });
}

base::Result<std::vector<StoredEvent>> PostgresqlReader::read_newest(std::size_t max_events,
                                                                     std::size_t max_bytes) const {
    const PageBudget budget(max_events, max_bytes);
    return pool_.try_read([&](Session& session) { return read_newest(session, budget); });
}

Page PostgresqlReader::read_page(Session& session, const ReadRequest& request) const {
    Page page;
    page.next = request.from;
    if (request.max_events == 0 || request.to <= request.from) return page;

    const auto next = learn_head(session).next;
    if (next <= request.from) return page;
    const auto to = std::min(request.to, next);
    // Stored, a payload is no larger than it is: what the budget takes is among these.
    const auto bytes = std::clamp<std::size_t>(request.max_bytes, 1, std::size_t{1} << 40U);
    const auto rows = session.connection.execute(statement(request), request.from, to,
                                                 sql_limit(request.max_events), bytes);
    PageBudget budget(request.max_events, request.max_bytes);
    std::size_t stored_bytes = 0;
    bool fits = true;
    for (const auto& row : rows) {
        fits = take_event(session, row, budget, page.events);
        if (!fits) break;
        page.next = row[Column::Id].as<base::EventId>() + 1;
        stored_bytes += row[Column::Size].as<std::size_t>();
    }
    if (fits && stored_bytes < bytes) page.next = to;
    // What this page does not hold because it was deleted is below the oldest id that is known from now on.
    (void)learn_head(session);
    return page;
}

std::vector<StoredEvent> PostgresqlReader::read_newest(Session& session, PageBudget budget) const {
    std::vector<StoredEvent> events;
    base::EventId below = base::kMaxEventId + 1;
    for (bool more = true; more;) {
        const auto rows = session.connection.execute(newest_, 0, below, kNewestAtOnce, kNewestBytesAtOnce);
        more = !rows.empty();
        for (const auto& row : rows) {
            more = take_event(session, row, budget, events);
            if (!more) break;
            below = row[Column::Id].as<base::EventId>();
        }
    }
    std::ranges::reverse(events);
    return events;
}

Range PostgresqlReader::learn_head(Session& session) const {
    const auto head = load_head(session.connection);
    const auto known = head_.get().range.next;
    head_.learn(head);
    if (head.range.next > known) learnt_();
    return head.range;
}

const PostgresqlStatement& PostgresqlReader::statement(const ReadRequest& request) const {
    return request.endpoint ? by_endpoint_[static_cast<std::size_t>(*request.endpoint)] : all_;
}

bool PostgresqlReader::take_event(Session& session, const pqxx::row& row, PageBudget& budget,
                                  std::vector<StoredEvent>& events) const {
    const auto kind = row[Column::Kind].as<std::size_t>();
    const auto source = row[Column::Source].as<std::size_t>();
    const bool large = !row[Column::Large].is_null();
    if (kind >= base::kKinds.size() || source > static_cast<std::size_t>(base::Filter::Sidecar) ||
        (!large && row[Column::Payload].is_null())) {
        throw PostgresqlFailure::corrupt(fmt::format(
            "event {} is of an unknown kind or source, or has no payload", row[Column::Id].c_str()));
    }
    StoredEvent event;
    if (large) {
        if (!budget.take(row[Column::Size].as<std::size_t>())) return false;
        auto payload = large_payload_of(session, row);
        if (!payload) return true;
        event.payload = std::move(*payload);
    } else {
        event.payload =
            decode_payload(session.codec, row[Column::Id].as<base::EventId>(), row[Column::Encoded],
                           row[Column::Payload], row[Column::First], row[Column::Second]);
        if (!budget.take(event.payload.size())) return false;
    }
    event.id = row[Column::Id].as<base::EventId>();
    event.kind = static_cast<base::Kind>(kind);
    event.filter = static_cast<base::Filter>(source);
    event.api_version = base::ApiVersion::unpacked(row[Column::ApiVersion].as<std::int64_t>());
    if (!row[Column::Height].is_null())
        event.height = static_cast<std::uint64_t>(row[Column::Height].as<std::int64_t>());
    event.traits = traits_in(row, event.kind);
    event.foreign = !row[Column::Instance].is_null() && row[Column::Instance].as<std::int64_t>() != instance_;
    events.push_back(std::move(event));
    return true;
}

}  // namespace storage
