#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/event_kind.h"
#include "storage/event_finder.h"

namespace storage {

/// How queries go through the indexes that both databases have on the table `event`, here `e`: what is the
/// same in the SQL of both, and what is decided of the rows that it finds.

/// Where all events of a kind are found in the order of their ids: among the rows with this value of a
/// column, by an index on (column, id) that is limited to some rows. No index: among all events, by the
/// primary key.
struct IndexedRows {
    const char* index = nullptr;
    const char* limited_to = "true";  ///< has to stand in the query, so that the index can be used
    const char* column = nullptr;
    int value = 0;
};
[[nodiscard]] IndexedRows rows_of(std::optional<base::Kind> kind);

/// [from, to), behind the place where the query goes on.
struct IdRange {
    base::EventId from = 0;
    base::EventId to = 0;
};
[[nodiscard]] IdRange ids_of(const EventQuery& query);

/// Inclusive; none when first > last. At the height where the query goes on, one has to look at the id, too.
struct HeightRange {
    std::int64_t first = 0;
    std::int64_t last = -1;
};
[[nodiscard]] HeightRange heights_of(const BlockQuery& query);
[[nodiscard]] bool is_behind(const BlockQuery& query, const Place& place);

/// Through which events the deploys of a query are found, ids descending.
enum class DeployPath { All, Accepted, Processed, Expired, Account, Block };
[[nodiscard]] DeployPath path_of(const DeployQuery& query);

/// An event through which a deploy was found.
struct DeployEvent {
    base::EventId id = 0;
    base::Kind kind = base::Kind::DeployAccepted;
};

/// Whether the query gives the deploy, and gives it at this of its events. `event_of` tells the id of the
/// stored event of a kind of this deploy, 0: there is none; it is asked as seldom as can be.
[[nodiscard]] bool is_listed_at(const DeployQuery& query, const DeployEvent& event,
                                const std::function<base::EventId(base::Kind)>& event_of);

/// Where an event of a deploy belongs. `Deploy` has members of these names.
template <class Deploy>
[[nodiscard]] auto* part_of(Deploy& deploy, base::Kind kind) {
    switch (kind) {
        case base::Kind::DeployAccepted:
            return &deploy.accepted;
        case base::Kind::DeployProcessed:
            return &deploy.processed;
        case base::Kind::DeployExpired:
            return &deploy.expired;
        default:
            return static_cast<decltype(&deploy.accepted)>(nullptr);
    }
}

/// A Step's natural key.
[[nodiscard]] base::KeyBytes key_of_era(std::uint64_t era);

}  // namespace storage
