#include "rest/parameters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>
#include <vector>

#include "base/hex.h"
#include "net/http_message.h"
#include "rest/cursor.h"

namespace rest {
namespace {

constexpr std::string_view kHashExpected = "hex-encoded hash (64 chars)";
constexpr std::string_view kKeyExpected = "hex-encoded public key (66/68 chars)";
constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kEd25519Digits = 66;
constexpr std::size_t kSecp256k1Digits = 68;

constexpr std::array<std::string_view, 2> kOrders{"desc", "asc"};  // as storage::Order
constexpr std::array<std::string_view, 3> kStatuses{"accepted", "processed",
                                                    "expired"};  // as storage::DeployStatus

constexpr auto kKindNames = [] {
    std::array<std::string_view, base::kKinds.size() - 1> names{};
    std::size_t count = 0;
    for (const auto& row : base::kKinds) {
        if (row.kind != base::Kind::ApiVersion) names[count++] = row.name;
    }
    return names;
}();

using Check = Refusable<void>;

Check read_hash(std::string_view text, base::KeyBytes& hash) {
    auto bytes = text.size() == kHashDigits ? base::bytes_of_hex(text) : std::nullopt;
    if (!bytes) return invalid_parameter(kHashExpected, text);
    hash = std::move(*bytes);
    return {};
}

Check read_key(std::string_view text, base::KeyBytes& key) {
    const bool fits = text.size() == kEd25519Digits || text.size() == kSecp256k1Digits;
    auto bytes = fits ? base::bytes_of_hex(text) : std::nullopt;
    if (!bytes) return invalid_parameter(kKeyExpected, text);
    key = std::move(*bytes);
    return {};
}

bool is_decimal(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// None beyond 64 bits.
std::optional<std::uint64_t> number_in(std::string_view digits) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return number;
}

/// Of what is in a path: nothing has a number beyond 64 bits.
Check read_path_number(std::string_view text, std::optional<std::uint64_t>& number) {
    if (!is_decimal(text)) return invalid_parameter("a decimal number", text);
    number = number_in(text);
    if (!number) return no_results();
    return {};
}

Check read_number(std::string_view text, std::optional<std::uint64_t>& number) {
    number = is_decimal(text) ? number_in(text) : std::nullopt;
    if (!number) return invalid_parameter("a decimal number below 2^64", text);
    return {};
}

Check read_limit(std::string_view text, std::size_t most, std::size_t& limit) {
    const auto number = is_decimal(text) ? number_in(text) : std::nullopt;
    if (!number || *number == 0 || *number > most) {
        return invalid_parameter(fmt::format("a number from 1 to {}", most), text);
    }
    limit = *number;
    return {};
}

template <class Value>
Check read_choice(std::string_view text, ParameterType type, Value& value) {
    const auto choices = choices_of(type);
    const auto found = std::ranges::find(choices, text);
    if (found == choices.end()) {
        return invalid_parameter(fmt::format("one of {}", fmt::join(choices, ", ")), text);
    }
    value = static_cast<Value>(found - choices.begin());
    return {};
}

/// Reads one route's parameters, one after the other.
class Reader {
  public:
    explicit Reader(const RouteRow& route) : route_(route) {}

    Check read(const ParameterRow& row, std::string_view text) {
        switch (row.type) {
            case ParameterType::Hash:
                return read_hash(text, arguments_.hash);
            case ParameterType::HashOrHeight:
                if (is_decimal(text) && text.size() < kHashDigits)
                    return read_path_number(text, arguments_.number);
                return read_hash(text, arguments_.hash);
            case ParameterType::PublicKey:
                return read_key(text, arguments_.public_key);
            case ParameterType::PublicKeyOrEra:
                if (is_decimal(text) && text.size() < kHashDigits)
                    return read_path_number(text, arguments_.number);
                return read_key(text, arguments_.public_key);
            case ParameterType::Number:
                if (row.in_path) return read_path_number(text, arguments_.number);
                return read_number(text, row.name == "to_height" ? arguments_.to_height : arguments_.from);
            case ParameterType::Limit:
                return read_limit(text, row.most, arguments_.limit);
            case ParameterType::Cursor:
                cursor_ = text;
                return {};
            case ParameterType::Kind:
                return read_kind(text);
            case ParameterType::Order:
                return read_choice(text, row.type, arguments_.order);
            case ParameterType::DeployStatus:
                return read_choice(text, row.type, arguments_.status.emplace());
            case ParameterType::Switch:
                arguments_.pretty = true;
                return {};
        }
        return {};
    }

    /// A field of the query, decoded.
    Check read_field(std::string_view name, std::string_view text) {
        const auto fits = [&](const ParameterRow& row) { return !row.in_path && row.name == name; };
        const auto row = std::ranges::find_if(route_.parameters, fits);
        if (row == route_.parameters.end()) return unknown_field(name);
        if (!seen_.insert(row->name).second && row->type != ParameterType::Switch) {
            return net::Refusal{
                400, fmt::format("Invalid query: the field '{}' is given twice", row->name), {}};
        }
        return read(*row, text);
    }

    /// Only now it is known which listing a cursor is to be of.
    Refusable<Arguments> finish() {
        if (!cursor_) return std::move(arguments_);
        arguments_.after = place_at(*cursor_, {route_.query, arguments_.order});
        if (!arguments_.after)
            return invalid_parameter("a cursor as `next` of the page before gave it", *cursor_);
        return std::move(arguments_);
    }

  private:
    Check unknown_field(std::string_view name) const {
        if (route_.unknown_fields == UnknownFields::Overlook) return {};
        std::vector<std::string_view> known;
        for (const auto& row : route_.parameters) {
            if (!row.in_path) known.push_back(row.name);
        }
        return net::Refusal{400,
                            fmt::format("Invalid query: unknown field '{}'; the fields of {} are {}",
                                        shortened(name), route_.pattern, fmt::join(known, ", ")),
                            {}};
    }

    Check read_kind(std::string_view text) {
        std::size_t index = 0;
        if (auto read = read_choice(text, ParameterType::Kind, index); !read) return read;
        arguments_.kind = base::kind_named(kKindNames[index]);
        return {};
    }

    const RouteRow& route_;
    Arguments arguments_;
    std::optional<std::string> cursor_;
    std::set<std::string_view> seen_;
};

}  // namespace

std::span<const std::string_view> choices_of(ParameterType type) {
    switch (type) {
        case ParameterType::Kind:
            return kKindNames;
        case ParameterType::Order:
            return kOrders;
        case ParameterType::DeployStatus:
            return kStatuses;
        default:
            return {};
    }
}

Refusable<Arguments> read_arguments(const RouteRow& route, std::span<const std::string> path_parameters,
                                    std::string_view query) {
    Reader reader(route);
    auto next = path_parameters.begin();
    for (const auto& row : route.parameters) {
        if (!row.in_path) continue;
        if (auto read = reader.read(row, *next++); !read) return read.error();
    }
    if (query.empty()) return reader.finish();

    const auto fields = net::parse_query(query);
    if (!fields) {
        return net::Refusal{400, "Invalid query: a broken escape; '%' is followed by two hex digits", {}};
    }
    for (const auto& [name, value] : *fields) {
        if (auto read = reader.read_field(name, value); !read) return read.error();
    }
    return reader.finish();
}

}  // namespace rest
