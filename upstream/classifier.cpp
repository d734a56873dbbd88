#include "upstream/classifier.h"

#include <boost/container/static_vector.hpp>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <simdjson.h>
#include <stdexcept>
#include <string_view>

#include "upstream/json_visit.h"
#include "upstream/kind_members.h"
#include "upstream/natural_key.h"
#include "upstream/sse_parser.h"

namespace upstream {

namespace ondemand = simdjson::ondemand;
using boost::system::result;

static_assert(kPayloadPadding >= simdjson::SIMDJSON_PADDING);

namespace {

/// A parser that read a payload above this size is not kept: its buffers are a multiple of the payload.
constexpr std::size_t kLargestKeptBuffer = std::size_t{1} << 20;

/// A member that is looked for, with what is left of its path below the value at hand.
struct Wanted {
    std::string_view path;
    const Member* member = nullptr;
};
using WantedList = boost::container::static_vector<Wanted, 8>;

struct Failure {
    ClassifyProblem problem = ClassifyProblem::Unreadable;
    std::string detail;
};
using Check = std::optional<Failure>;

Check unreadable(std::string_view why) {
    return Failure{ClassifyProblem::Unreadable, std::string(why)};
}
Check check(simdjson::error_code error) {
    if (error == simdjson::SUCCESS) return std::nullopt;
    return unreadable(simdjson::error_message(error));
}

std::optional<std::uint64_t> number_in(std::string_view token) {
    std::uint64_t number = 0;
    const char* const end = token.data() + token.size();
    const auto [rest, error] = std::from_chars(token.data(), end, number);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return number;
}

/// A scalar as it was read: the text of a string, the token of anything else.
struct Scalar {
    std::string_view text;
    bool is_string = false;
};

/// Empty, that is missing, when it is not of the member's type.
base::KeyBytes key_of(MemberForm form, const Scalar& scalar) {
    if (form == MemberForm::Number) {
        const auto number = scalar.is_string ? std::nullopt : number_in(scalar.text);
        return number ? key_of_number(*number) : base::KeyBytes{};
    }
    if (!scalar.is_string || scalar.text.empty()) return {};
    return form == MemberForm::Hash ? key_of_hex(scalar.text, {64}) : key_of_hex(scalar.text, {66, 68});
}

void fill(base::Event& event, const Member& member, const Scalar& scalar) {
    if (scalar.text.size() > kLongestKey) return;
    switch (member.part) {
        case EventPart::KeyFirst:
            event.key.first = key_of(member.form, scalar);
            break;
        case EventPart::KeySecond:
            event.key.second = key_of(member.form, scalar);
            break;
        case EventPart::BlockHash:
            event.block_hash = key_of(member.form, scalar);
            break;
        case EventPart::Account:
            event.account = key_of(member.form, scalar);
            break;
        case EventPart::Height:
            event.height = number_in(scalar.text);
            break;
        case EventPart::Era:
            event.era = number_in(scalar.text);
            break;
    }
}

/// Takes the entries that begin with this name out of the list and gives them back without it.
WantedList take_named(WantedList& wanted, std::string_view name) {
    WantedList found;
    for (auto entry = wanted.begin(); entry != wanted.end();) {
        const auto dot = entry->path.find('.');
        if (entry->path.substr(0, dot) != name) {
            ++entry;
            continue;
        }
        found.push_back({dot == std::string_view::npos ? std::string_view{} : entry->path.substr(dot + 1),
                         entry->member});
        entry = wanted.erase(entry);
    }
    return found;
}

Check read_scalar(ondemand::value value, Scalar& scalar) {
    scalar.text = scalar_token(value);
    if (!is_valid_scalar(scalar.text)) return unreadable("not a JSON value");
    scalar.is_string = scalar.text.front() == '"';
    if (scalar.is_string) return check(value.get_string().get(scalar.text));
    return std::nullopt;
}

Check read_members(ondemand::value value, WantedList wanted, base::Event& event, int depth);

Check read_member(ondemand::value value, const WantedList& found, base::Event& event, int depth) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return check(error);
    if (type == ondemand::json_type::object) return read_members(value, found, event, depth);
    if (type == ondemand::json_type::array) return check(check_value(value, depth));

    Scalar scalar;
    if (auto failure = read_scalar(value, scalar)) return failure;
    if (type == ondemand::json_type::null) return std::nullopt;
    for (const auto& entry : found) {
        if (entry.path.empty()) fill(event, *entry.member, scalar);
    }
    return std::nullopt;
}

/// Checks the object to its end and takes the wanted members on the way.
Check read_members(ondemand::value value, WantedList wanted, base::Event& event, int depth) {
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return check(error);
    for (auto item : object) {
        ondemand::field field;
        if (const auto error = std::move(item).get(field)) return check(error);
        std::string_view name;
        if (const auto error = field.unescaped_key().get(name)) return check(error);
        const auto found = take_named(wanted, name);
        auto failure = found.empty() ? check(check_value(field.value(), depth + 1))
                                     : read_member(field.value(), found, event, depth + 1);
        if (failure) return failure;
    }
    return std::nullopt;
}

WantedList wanted_of(base::Kind kind) {
    WantedList wanted;
    for (const auto& member : key_members(base::row_of(kind).key)) wanted.push_back({member.path, &member});
    for (const auto& member : field_members(kind)) wanted.push_back({member.path, &member});
    return wanted;
}

Check check_key(const base::Event& event) {
    for (const auto& member : key_members(base::row_of(event.kind).key)) {
        const auto& bytes = member.part == EventPart::KeyFirst ? event.key.first : event.key.second;
        if (bytes.empty()) {
            return Failure{ClassifyProblem::MissingKey,
                           fmt::format("{} without a usable {}", base::row_of(event.kind).name, member.path)};
        }
    }
    return std::nullopt;
}

Check read_version(ondemand::value value, base::Event& event) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return check(error);
    if (type != ondemand::json_type::string) {
        if (auto failure = check(check_value(value, 1))) return failure;
        return Failure{ClassifyProblem::BadVersion, "ApiVersion is not a string"};
    }
    Scalar scalar;
    if (auto failure = read_scalar(value, scalar)) return failure;
    const auto version = base::ApiVersion::parse(scalar.text);
    if (!version) return Failure{ClassifyProblem::BadVersion, fmt::format("ApiVersion \"{}\"", scalar.text)};
    event.api_version = *version;
    return std::nullopt;
}

/// The value of the payload's one member. What the caller finds wrong with the kind or its members counts
/// only when the rest is well formed, so it comes back separately.
Check read_kind(std::string_view name, ondemand::value value, base::Event& event, Check& verdict) {
    const auto kind = base::kind_named(name);
    if (!kind) {
        verdict = Failure{ClassifyProblem::UnknownKind, std::string(name.substr(0, kLongestKey))};
        return check(check_value(value, 1));
    }
    event.kind = *kind;
    if (event.kind == base::Kind::ApiVersion) {
        verdict = read_version(value, event);
        return std::nullopt;
    }
    auto failure = read_member(value, wanted_of(event.kind), event, 1);
    if (!failure) verdict = check_key(event);
    return failure;
}

bool is_at_end(ondemand::document& document) {
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

Check read_object(ondemand::document& document, base::Event& event) {
    ondemand::object object;
    if (const auto error = document.get_object().get(object)) return check(error);
    Check verdict;
    bool has_member = false;
    for (auto item : object) {
        ondemand::field field;
        if (const auto error = std::move(item).get(field)) return check(error);
        if (has_member) return unreadable("an object with several members");
        has_member = true;
        std::string_view name;
        if (const auto error = field.unescaped_key().get(name)) return check(error);
        if (auto failure = read_kind(name, field.value(), event, verdict)) return failure;
    }
    if (!has_member) return unreadable("an empty object");
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
        return unreadable("more than one value");
    return verdict;
}

Check read_bare_string(ondemand::document& document, base::Event& event) {
    std::string_view name;
    if (const auto error = document.get_string().get(name)) return check(error);
    if (!is_at_end(document)) return unreadable("more than one value");
    const auto kind = base::kind_named(name);
    if (!kind) return Failure{ClassifyProblem::UnknownKind, std::string(name.substr(0, kLongestKey))};
    event.kind = *kind;
    if (event.kind == base::Kind::ApiVersion)
        return Failure{ClassifyProblem::BadVersion, "ApiVersion without a value"};
    return check_key(event);
}

Check read_payload(ondemand::parser& parser, simdjson::padded_string_view payload, base::Event& event) {
    ondemand::document document;
    if (const auto error = parser.iterate(payload).get(document)) return check(error);
    ondemand::json_type type{};
    if (const auto error = document.type().get(type)) return check(error);
    if (type == ondemand::json_type::object) return read_object(document, event);
    if (type == ondemand::json_type::string) return read_bare_string(document, event);
    return unreadable("neither an object nor a string");
}

void clear_results(base::Event& event) {
    event.kind = base::Kind::ApiVersion;
    event.key = {};
    event.height.reset();
    event.era.reset();
    event.block_hash.clear();
    event.account.clear();
    event.api_version = {};
}

}  // namespace

void throw_exception_from_error(const ClassifyError& error, const boost::source_location&) {
    throw std::runtime_error(error.detail);
}

class Classifier::Impl {
  public:
    result<void, ClassifyError> classify(const std::string& payload, base::Event& event) {
        clear_results(event);
        const auto padded = with_padding(payload);
        Check failure;
        if (payload.size() > kLargestKeptBuffer) {
            ondemand::parser parser;
            failure = read_payload(parser, padded, event);
        } else {
            failure = read_payload(parser_, padded, event);
        }
        if (copy_.size() > kLargestKeptBuffer) copy_ = {};
        if (failure) return ClassifyError{failure->problem, std::move(failure->detail)};
        return {};
    }

  private:
    simdjson::padded_string_view with_padding(const std::string& payload) {
        if (payload.capacity() - payload.size() >= simdjson::SIMDJSON_PADDING) {
            return simdjson::padded_string_view(payload.data(), payload.size(), payload.capacity());
        }
        copy_.reserve(payload.size() + simdjson::SIMDJSON_PADDING);
        copy_ = payload;
        return simdjson::padded_string_view(copy_.data(), copy_.size(), copy_.capacity());
    }

    ondemand::parser parser_;
    std::string copy_;
};

Classifier::Classifier() : impl_(std::make_unique<Impl>()) {}
Classifier::~Classifier() = default;

result<void, ClassifyError> Classifier::classify(const std::string& payload, base::Event& event) {
    return impl_->classify(payload, event);
}

}  // namespace upstream
