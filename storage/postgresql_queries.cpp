#include "storage/postgresql_queries.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>

#include "storage/page_fill.h"
#include "storage/postgresql_array.h"
#include "storage/postgresql_query_statements.h"
#include "storage/postgresql_stored_payloads.h"
#include "storage/query_plan.h"

namespace storage {

namespace {

using namespace found_columns;

constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();

template <class Number>
std::optional<Number> number_or_none(const pqxx::field& field) {
    if (field.is_null()) return std::nullopt;
    return field.as<Number>();
}

base::KeyBytes to_key(const pqxx::field& field) {
    if (field.is_null()) return {};
    const auto bytes = to_bytes(field);
    return {bytes.begin(), bytes.end()};
}

auto parameter(const base::KeyBytes& key) {
    return to_parameter(std::span<const std::uint8_t>(key));
}

PostgresqlFailure damaged(base::EventId id, const char* how) {
    return PostgresqlFailure::corrupt(fmt::format("event {} {}", id, how));
}

base::Kind to_kind(const pqxx::field& field, base::EventId id) {
    const auto kind = field.as<int>();
    if (kind < 0 || kind >= static_cast<int>(base::kKinds.size())) throw damaged(id, "is of an unknown kind");
    return static_cast<base::Kind>(kind);
}

}  // namespace

struct PostgresqlQueries::Candidate {
    explicit Candidate(const pqxx::row& found) : row(found), place{0, found[RowId].as<base::EventId>()} {
        if (!found[RowHeight].is_null()) place.height = found[RowHeight].as<std::uint64_t>();
    }
    const pqxx::row& row;
    Place place;
};

struct PostgresqlQueries::Chosen {
    Place place;
    std::array<base::EventId, 3> ids{};
};

struct PostgresqlQueries::Fetched {
    std::unordered_map<base::EventId, FoundEvent> events;
    std::size_t entries = 0;  ///< so many are complete, or deleted
};

std::optional<FoundEvent> PostgresqlQueries::newest_block() {
    return first_of(session_.connection.execute(kFindNewestBlock));
}

std::optional<FoundEvent> PostgresqlQueries::block_at(std::uint64_t height) {
    if (height > static_cast<std::uint64_t>(kGreatest)) return std::nullopt;
    return first_of(session_.connection.execute(kFindBlockAt, height));
}

std::optional<FoundEvent> PostgresqlQueries::find(base::Kind kind, const base::KeyBytes& hash) {
    return first_of(session_.connection.execute(kFindByHash, static_cast<int>(kind), parameter(hash)));
}

FoundDeploy PostgresqlQueries::deploy(const base::KeyBytes& hash) {
    FoundDeploy deploy{.hash = hash, .accepted = {}, .processed = {}, .expired = {}};
    for (auto& event : all_of(session_.connection.execute(kFindDeploy, parameter(hash)))) {
        if (auto* part = part_of(deploy, event.kind)) *part = std::move(event);
    }
    return deploy;
}

std::vector<FoundEvent> PostgresqlQueries::faults_of(const base::KeyBytes& public_key) {
    return all_of(session_.connection.execute(kFindFaultsOf, parameter(public_key)));
}

std::vector<FoundEvent> PostgresqlQueries::faults_in(std::uint64_t era) {
    return all_of(session_.connection.execute(kFindFaultsIn, parameter(key_of_era(era))));
}

std::vector<FoundEvent> PostgresqlQueries::signatures_of(const base::KeyBytes& block_hash) {
    return all_of(session_.connection.execute(kFindSignaturesOf, parameter(block_hash)));
}

Listing<FoundEvent> PostgresqlQueries::blocks(const BlockQuery& query) {
    const bool down = query.order == Order::NewestFirst;
    const auto& statement = list_blocks(query.order);
    const auto rows = [&](const std::optional<Place>& after, std::int64_t limit) {
        auto rest = query;
        rest.after = after;
        const auto heights = heights_of(rest);
        const auto outermost = down ? kGreatest : std::int64_t{-1};
        const auto height = std::min<std::uint64_t>(after ? after->height : 0, kGreatest);
        const auto id = std::min<std::uint64_t>(after ? after->id : 0, kGreatest);
        return session_.connection.execute(statement, heights.first, heights.last,
                                           after ? static_cast<std::int64_t>(height) : outermost,
                                           after ? static_cast<std::int64_t>(id) : outermost, limit);
    };
    const auto every = [](const Candidate& candidate) {
        return std::optional(Chosen{candidate.place, {candidate.place.id}});
    };
    return read_events(choose(query.limits, query.after, rows, every), query.limits);
}

Listing<FoundEvent> PostgresqlQueries::events(const EventQuery& query) {
    const auto rows = [&](const std::optional<Place>& after, std::int64_t limit) {
        auto rest = query;
        rest.after = after;
        const auto ids = ids_of(rest);
        return session_.connection.execute(list_events(query), ids.from, ids.to, limit);
    };
    const auto of_kind = [&](const Candidate& candidate) -> std::optional<Chosen> {
        const auto kind = to_kind(candidate.row[RowKind], candidate.place.id);
        if (query.kind && kind != *query.kind) return std::nullopt;
        const auto owner = number_or_none<std::int64_t>(candidate.row[RowInstance]);
        if (owner && *owner != instance_) return std::nullopt;
        return Chosen{candidate.place, {candidate.place.id}};
    };
    return read_events(choose(query.limits, query.after, rows, of_kind), query.limits);
}

Listing<FoundDeploy> PostgresqlQueries::deploys(const DeployQuery& query) {
    const auto rows = [&](const std::optional<Place>& after, std::int64_t limit) {
        const auto below = after ? std::min(after->id, base::kMaxEventId) : base::kMaxEventId;
        return deploy_rows(query, static_cast<std::int64_t>(below), limit);
    };
    const auto listed = [&](const Candidate& candidate) -> std::optional<Chosen> {
        const auto id_or_0 = [&](int column) {
            return number_or_none<base::EventId>(candidate.row[column]).value_or(0);
        };
        const auto event_of = [&](base::Kind kind) {
            if (kind == base::Kind::DeployAccepted) return id_or_0(RowAccepted);
            return id_or_0(kind == base::Kind::DeployProcessed ? RowProcessed : RowExpired);
        };
        const auto id = candidate.place.id;
        if (!is_listed_at(query, {id, to_kind(candidate.row[RowKind], id)}, event_of)) return std::nullopt;
        return Chosen{candidate.place, {id_or_0(RowAccepted), id_or_0(RowProcessed), id_or_0(RowExpired)}};
    };
    const auto make = [](const Chosen& chosen, Fetched& fetched) -> std::optional<FoundDeploy> {
        std::optional<FoundDeploy> deploy;
        for (const auto id : chosen.ids) {
            const auto event = fetched.events.find(id);
            if (event == fetched.events.end()) continue;
            if (!deploy) deploy.emplace().hash = event->second.key.first;
            if (auto* part = part_of(*deploy, event->second.kind)) *part = std::move(event->second);
        }
        return deploy;
    };
    return read<FoundDeploy>(choose(query.limits, query.after, rows, listed), query.limits, make);
}

pqxx::result PostgresqlQueries::deploy_rows(const DeployQuery& query, std::int64_t below,
                                            std::int64_t limit) {
    auto& connection = session_.connection;
    const auto& statement = list_deploys(query);
    if (query.block_hash && query.account)
        return connection.execute(statement, below, limit, parameter(*query.block_hash),
                                  parameter(*query.account));
    if (query.block_hash) return connection.execute(statement, below, limit, parameter(*query.block_hash));
    if (query.account) return connection.execute(statement, below, limit, parameter(*query.account));
    return connection.execute(statement, below, limit);
}

template <class Rows, class Choose>
Listing<PostgresqlQueries::Chosen> PostgresqlQueries::choose(const PageLimits& limits,
                                                             std::optional<Place> after, const Rows& rows,
                                                             const Choose& choose) {
    constexpr std::size_t kLargestPiece = 2048;
    PageFill<Chosen> page(limits);
    auto rest = std::max<std::size_t>(limits.max_rows, 1);
    // Of all deploys, every second event is not the newest of its deploy.
    auto piece = std::min(2 * std::min(limits.max_entries, kLargestPiece) + 1, kLargestPiece);
    for (;; piece = std::min(8 * piece, kLargestPiece)) {
        // One more than may be looked at tells whether there are more.
        const auto limit = std::min(piece, rest + 1);
        const auto found = rows(after, static_cast<std::int64_t>(limit));
        for (const auto& row : found) {
            const Candidate candidate(row);
            if (!page.look_at(candidate.place)) return page.take();
            after = candidate.place;
            auto chosen = choose(candidate);
            if (chosen && !page.add(std::move(*chosen), 0)) return page.take();
        }
        const auto looked_at = static_cast<std::size_t>(found.size());
        if (looked_at < limit) return page.take();
        rest -= std::min(rest, looked_at);
    }
}

PostgresqlQueries::Fetched PostgresqlQueries::fetch(const std::vector<Chosen>& entries,
                                                    std::size_t max_bytes) {
    Fetched fetched;
    if (entries.empty()) return fetched;
    ArrayParameter ids(ArrayParameter::Type::Int8);
    ArrayParameter numbers(ArrayParameter::Type::Int8);
    std::vector<std::size_t> entry_of;
    for (std::size_t entry = 0; entry < entries.size(); ++entry) {
        for (const auto id : entries[entry].ids) {
            if (id == 0) continue;
            ids.add(static_cast<std::int64_t>(id));
            numbers.add(static_cast<std::int64_t>(entry));
            entry_of.push_back(entry);
        }
    }
    // Stored, a payload is no larger than it is: what the page has room for is among these.
    const auto bytes = std::clamp<std::size_t>(max_bytes, 1, std::size_t{1} << 40U);
    std::size_t stored = 0;
    std::size_t last = 0;
    for (const auto& row : session_.connection.execute(kFetch, ids.parameter(), numbers.parameter(), bytes)) {
        stored += row[Size].as<std::size_t>();
        last = row[Ordinal].as<std::size_t>();
        auto event = take_event(row);
        fetched.events.emplace(event.id, std::move(event));
    }
    const bool is_all = stored < bytes || last == entry_of.size();
    fetched.entries = is_all ? entries.size() : std::max<std::size_t>(entry_of[last], 1);
    return fetched;
}

template <class Entry, class Make>
Listing<Entry> PostgresqlQueries::read(Listing<Chosen> chosen, const PageLimits& limits, const Make& make) {
    auto fetched = fetch(chosen.entries, limits.max_bytes);
    PageLimits of_bytes = limits;
    of_bytes.max_rows = std::numeric_limits<std::size_t>::max();
    PageFill<Entry> page(of_bytes);
    for (std::size_t i = 0; i < chosen.entries.size(); ++i) {
        if (!page.look_at(chosen.entries[i].place)) return page.take();
        if (i >= fetched.entries) {
            page.end_before();
            return page.take();
        }
        auto entry = make(chosen.entries[i], fetched);
        if (!entry) continue;
        const auto bytes = payload_bytes(*entry);
        if (!page.add(std::move(*entry), bytes)) return page.take();
    }
    auto listing = page.take();
    listing.next = chosen.next;
    return listing;
}

Listing<FoundEvent> PostgresqlQueries::read_events(Listing<Chosen> chosen, const PageLimits& limits) {
    const auto make = [](const Chosen& one, Fetched& fetched) -> std::optional<FoundEvent> {
        const auto event = fetched.events.find(one.ids.front());
        if (event == fetched.events.end()) return std::nullopt;
        return std::move(event->second);
    };
    return read<FoundEvent>(std::move(chosen), limits, make);
}

FoundEvent PostgresqlQueries::take_event(const pqxx::row& row) {
    FoundEvent event;
    event.id = row[Id].as<base::EventId>();
    event.kind = to_kind(row[Kind], event.id);
    event.received_at = std::chrono::milliseconds(row[ReceivedAt].as<std::int64_t>());
    event.era = number_or_none<std::uint64_t>(row[Era]);
    event.height = number_or_none<std::uint64_t>(row[Height]);
    event.key = {to_key(row[First]), to_key(row[Second])};
    if (!row[Large].is_null()) {
        if (row[LargeSize].is_null()) throw damaged(event.id, "has no payload");
        event.large = row[Large].as<std::uint64_t>();
        event.size = row[LargeSize].as<std::size_t>();
        return event;
    }
    event.payload =
        decode_payload(session_.codec, event.id, row[Encoded], row[Payload], row[First], row[Second]);
    event.size = event.payload.size();
    return event;
}

std::optional<FoundEvent> PostgresqlQueries::first_of(const pqxx::result& rows) {
    if (rows.empty()) return std::nullopt;
    return take_event(rows[0]);
}

std::vector<FoundEvent> PostgresqlQueries::all_of(const pqxx::result& rows) {
    std::vector<FoundEvent> events;
    for (const auto& row : rows) events.push_back(take_event(row));
    std::ranges::sort(events, {}, &FoundEvent::id);
    return events;
}

}  // namespace storage
