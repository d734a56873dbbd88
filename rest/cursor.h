#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "rest/routes.h"
#include "storage/event_finder.h"

namespace rest {

/// The databases' integers have a sign.
inline constexpr std::uint64_t kMostHeight = std::numeric_limits<std::int64_t>::max();

/// Whose pages a cursor turns.
struct ListingName {
    Query query = Query::Events;
    storage::Order order = storage::Order::NewestFirst;
};

/// A place as clients get it: letters and digits that mean nothing to them.
[[nodiscard]] std::string cursor_at(const storage::Place& place, const ListingName& listing);

/// None: it is no cursor of this listing in this order.
[[nodiscard]] std::optional<storage::Place> place_at(std::string_view cursor, const ListingName& listing);

}  // namespace rest
