#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/event.h"
#include "rest/refusals.h"
#include "rest/routes.h"
#include "storage/event_finder.h"

namespace rest {

/// What a request's parameters say; which of them are set, its route tells.
struct Arguments {
    base::KeyBytes hash;                  ///< the path's, or `block_hash`; empty: none
    base::KeyBytes public_key;            ///< the path's, or `account`; empty: none
    std::optional<std::uint64_t> number;  ///< the path's height or era
    std::optional<std::uint64_t> from;    ///< `from_height` or `from_id`
    std::optional<std::uint64_t> to_height;
    std::optional<base::Kind> kind;
    std::optional<storage::DeployStatus> status;
    storage::Order order = storage::Order::NewestFirst;
    std::size_t limit = kDefaultLimit;
    std::optional<storage::Place> after;
    bool pretty = false;
};

/// Reads the parameters of the route: its path's, decoded, in their order, and the query, as it was sent. A
/// field that is given twice, or has a value that it cannot have, is refused with what is expected.
[[nodiscard]] Refusable<Arguments> read_arguments(const RouteRow& route,
                                                  std::span<const std::string> path_parameters,
                                                  std::string_view query);

/// The texts that a parameter takes; empty where it takes more than some words.
[[nodiscard]] std::span<const std::string_view> choices_of(ParameterType type);

}  // namespace rest
