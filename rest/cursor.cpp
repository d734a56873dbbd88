#include "rest/cursor.h"

#include <charconv>
#include <fmt/format.h>

namespace rest {
namespace {

/// One letter for each listing and order.
char letter_of(const ListingName& listing) {
    const bool newest_first = listing.order == storage::Order::NewestFirst;
    switch (listing.query) {
        case Query::Blocks:
            return newest_first ? 'b' : 'c';
        case Query::Deploys:
            return newest_first ? 'd' : 'p';
        default:
            return newest_first ? 'e' : 'f';
    }
}

std::optional<std::uint64_t> hex_number(std::string_view digits) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return number;
}

}  // namespace

std::string cursor_at(const storage::Place& place, const ListingName& listing) {
    return fmt::format("{}{:x}x{:x}", letter_of(listing), place.height, place.id);
}

std::optional<storage::Place> place_at(std::string_view cursor, const ListingName& listing) {
    if (cursor.empty() || cursor.front() != letter_of(listing)) return std::nullopt;
    cursor.remove_prefix(1);
    const auto between = cursor.find('x');
    if (between == std::string_view::npos) return std::nullopt;
    const auto height = hex_number(cursor.substr(0, between));
    const auto id = hex_number(cursor.substr(between + 1));
    if (!height || !id || *height > kMostHeight || *id > base::kMaxEventId) return std::nullopt;
    return storage::Place{*height, *id};
}

}  // namespace rest
