#include "stream/filter_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/hex.h"

namespace stream {
namespace {

using base::Kind;
using base::Trait;

constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kEd25519Digits = 66;
constexpr std::size_t kSecp256k1Digits = 68;

/// A Shutdown comes at every endpoint: a node's at each of its own, the sidecar's at the fifth.
KindSet carried_by(base::Endpoint endpoint) {
    KindSet carried;
    for (const auto& row : base::kKinds) {
        if (row.endpoints.contains(endpoint)) carried.add(row.kind);
    }
    carried.add(Kind::Shutdown);
    if (endpoint != base::Endpoint::Sidecar) carried.add(Kind::ApiVersion);
    return carried;
}

KindSet kinds_with(Trait trait) {
    KindSet kinds;
    for (const auto& row : base::kKinds) {
        if (base::has_trait(row.kind, trait)) kinds.add(row.kind);
    }
    return kinds;
}

std::string names_of(KindSet kinds) {
    std::vector<std::string_view> names;
    for (const auto& row : base::kKinds) {
        if (kinds.contains(row.kind)) names.push_back(row.name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// Empty for what is no hex of such a length.
template <class Bytes>
Bytes bytes_of_hex(std::string_view text, std::initializer_list<std::size_t> lengths) {
    if (std::ranges::find(lengths, text.size()) == lengths.end()) return {};
    const auto bytes = base::bytes_of_hex(text);
    return bytes ? Bytes(*bytes) : Bytes{};
}

bool read_trait(Trait trait, std::string_view text, base::EventTraits& traits) {
    switch (trait) {
        case Trait::Era:
            traits.era = number_in(text);
            return traits.era.has_value();
        case Trait::Account:
            traits.account = bytes_of_hex<base::AccountBytes>(text, {kEd25519Digits, kSecp256k1Digits});
            return !traits.account.empty();
        case Trait::DeployHash:
            traits.deploy_hash = bytes_of_hex<base::HashBytes>(text, {kHashDigits});
            return !traits.deploy_hash.empty();
    }
    return false;
}

std::string complaint(std::string_view field, std::string_view expected) {
    return fmt::format("invalid query: field '{}': expected {}\n", field, expected);
}

}  // namespace

struct FilterFields::Field {
    std::string_view name;
    std::optional<Trait> trait;  ///< none: the kinds
    std::string_view expected;
};

const FilterFields::Field* FilterFields::field_named(std::string_view name) {
    static constexpr std::array<Field, 4> kFields{{
        {"kinds", std::nullopt, {}},
        {"account", Trait::Account, "a public key in hex (66 or 68 digits)"},
        {"deploy_hash", Trait::DeployHash, "a hash in hex (64 digits)"},
        {"era_id", Trait::Era, "a decimal number below 2^64"},
    }};
    const auto* const found = std::ranges::find(kFields, name, &Field::name);
    return found == kFields.end() ? nullptr : found;
}

FilterFields::FilterFields(base::Endpoint endpoint) : endpoint_(endpoint), carried_(carried_by(endpoint)) {
    asked_.kinds = carried_;
}

bool FilterFields::take(std::string_view name, std::string_view value) {
    const Field* const field = field_named(name);
    if (field == nullptr) return false;
    const auto expected = read(*field, value);
    if (expected && complaint_.empty()) complaint_ = complaint(name, *expected);
    taken_.push_back(field);
    return true;
}

std::optional<std::string> FilterFields::read(const Field& field, std::string_view value) {
    if (std::ranges::find(taken_, &field) != taken_.end()) return "once";
    if (field.trait) {
        if (read_trait(*field.trait, value, asked_.traits)) return std::nullopt;
        return std::string(field.expected);
    }
    if (read_kinds(value)) return std::nullopt;
    return fmt::format("kinds that {} carries, separated by commas: {}", base::endpoint_path(endpoint_),
                       names_of(carried_));
}

bool FilterFields::read_kinds(std::string_view names) {
    asked_.kinds = {};
    for (;;) {
        const auto comma = names.find(',');
        const auto kind = base::kind_named(names.substr(0, comma));
        if (!kind || !carried_.contains(*kind)) return false;
        asked_.kinds.add(*kind);
        if (comma == std::string_view::npos) return true;
        names.remove_prefix(comma + 1);
    }
}

base::Result<EventFilter> FilterFields::filter() const {
    if (!complaint_.empty()) return base::invalid(complaint_);
    EventFilter filter = asked_;
    for (const Field* const field : taken_) {
        if (!field->trait) continue;
        auto having = kinds_with(*field->trait);
        if ((filter.kinds & having).empty()) {
            const auto expected = fmt::format("where there are {}; this query asks for none of them at {}",
                                              names_of(having), base::endpoint_path(endpoint_));
            return base::invalid(complaint(field->name, expected));
        }
        having.add(Kind::Shutdown);
        filter.kinds = filter.kinds & having;
    }
    // ApiVersion has no frame that could pass or not.
    auto all = carried_;
    for (auto* kinds : {&filter.kinds, &all}) kinds->remove(Kind::ApiVersion);
    if (filter.kinds == all) filter.kinds = KindSet::all();
    return filter;
}

}  // namespace stream
