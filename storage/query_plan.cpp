#include "storage/query_plan.h"

#include <algorithm>
#include <array>
#include <limits>

#include "storage/endpoint_condition.h"

namespace storage {

namespace {

constexpr std::uint64_t kGreatestHeight = std::numeric_limits<std::int64_t>::max();

/// Those of which a log holds many.
bool is_common(base::Kind kind) {
    return kind == base::Kind::DeployAccepted || kind == base::Kind::DeployProcessed ||
           kind == base::Kind::FinalitySignature;
}

constexpr std::array kDeployKinds{base::Kind::DeployProcessed, base::Kind::DeployAccepted,
                                  base::Kind::DeployExpired};

/// The kinds by whose newest event a deploy is listed.
bool gives_the_place(base::Kind kind, DeployPath path) {
    switch (path) {
        case DeployPath::All:
            return std::ranges::find(kDeployKinds, kind) != kDeployKinds.end();
        case DeployPath::Account:
            return kind == base::Kind::DeployAccepted || kind == base::Kind::DeployProcessed;
        case DeployPath::Accepted:
            return kind == base::Kind::DeployAccepted;
        case DeployPath::Processed:
        case DeployPath::Block:
            return kind == base::Kind::DeployProcessed;
        case DeployPath::Expired:
            return kind == base::Kind::DeployExpired;
    }
    return false;
}

}  // namespace

IndexedRows rows_of(std::optional<base::Kind> kind) {
    if (!kind || *kind == base::Kind::FinalitySignature) return {};
    if (is_common(*kind)) {
        const auto source = stored_source(*kind, base::row_of(*kind).filter);
        return {"event_source", "e.source <> 2", "source", static_cast<int>(source)};
    }
    return {"event_rare", "e.kind <> 2 AND e.kind <> 3 AND e.kind <> 6", "kind", static_cast<int>(*kind)};
}

IdRange ids_of(const EventQuery& query) {
    IdRange ids{std::min(query.from, base::kMaxEventId), std::min(query.to, base::kMaxEventId)};
    if (!query.after) return ids;
    if (query.order == Order::NewestFirst) {
        ids.to = std::min(ids.to, query.after->id);
    } else {
        ids.from = std::max(ids.from, std::min(query.after->id, base::kMaxEventId) + 1);
    }
    return ids;
}

HeightRange heights_of(const BlockQuery& query) {
    auto from = query.from_height;
    auto to = std::min(query.to_height, kGreatestHeight);
    if (query.after && query.order == Order::NewestFirst) to = std::min(to, query.after->height);
    if (query.after && query.order == Order::OldestFirst) from = std::max(from, query.after->height);
    if (from > to) return {};
    return {static_cast<std::int64_t>(from), static_cast<std::int64_t>(to)};
}

bool is_behind(const BlockQuery& query, const Place& place) {
    if (!query.after || query.after->height != place.height) return true;
    return query.order == Order::NewestFirst ? place.id < query.after->id : place.id > query.after->id;
}

DeployPath path_of(const DeployQuery& query) {
    if (query.block_hash) return DeployPath::Block;
    if (query.account) return DeployPath::Account;
    if (!query.status) return DeployPath::All;
    switch (*query.status) {
        case DeployStatus::Accepted:
            return DeployPath::Accepted;
        case DeployStatus::Processed:
            return DeployPath::Processed;
        case DeployStatus::Expired:
            return DeployPath::Expired;
    }
    return DeployPath::All;
}

bool is_listed_at(const DeployQuery& query, const DeployEvent& event,
                  const std::function<base::EventId(base::Kind)>& event_of) {
    const auto path = path_of(query);
    if (!gives_the_place(event.kind, path)) return false;
    const auto has = [&](base::Kind kind) { return event.kind == kind || event_of(kind) != 0; };
    if (query.status == DeployStatus::Accepted) {
        return event.kind == base::Kind::DeployAccepted && !has(base::Kind::DeployProcessed) &&
               !has(base::Kind::DeployExpired);
    }
    if (query.status == DeployStatus::Processed && !has(base::Kind::DeployProcessed)) return false;
    if (query.status == DeployStatus::Expired && !has(base::Kind::DeployExpired)) return false;
    return std::ranges::none_of(kDeployKinds, [&](base::Kind other) {
        return other != event.kind && gives_the_place(other, path) && event_of(other) > event.id;
    });
}

base::KeyBytes key_of_era(std::uint64_t era) {
    base::KeyBytes key;
    for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<std::uint8_t>(era >> shift));
    return key;
}

}  // namespace storage
