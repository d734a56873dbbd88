#include "transfer/event_line.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>
#include <simdjson.h>

#include "upstream/json_visit.h"

namespace transfer {

namespace ondemand = simdjson::ondemand;

namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::array<std::string_view, 5> kMembers{"id", "api_version", "source", "payload", "payload_text"};

bool has_several_lines(std::string_view payload) {
    return payload.find_first_of("\r\n") != std::string_view::npos;
}

bool has_space_around(std::string_view payload) {
    return payload.empty() || kSpace.find(payload.front()) != std::string_view::npos ||
           kSpace.find(payload.back()) != std::string_view::npos;
}

void append_string(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (static_cast<unsigned char>(c) < 0x20) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    out += '"';
}

void append_payload_text(std::string& out, std::string_view payload) {
    out += "\"payload_text\":";
    append_string(out, payload);
}

/// Whether the line is an object whose first member is one of this program's. No kind has such a name.
bool is_object_of_ours(std::string_view line) {
    const auto skip = [&line](char wanted) {
        const auto at = line.find_first_not_of(kSpace);
        if (at == std::string_view::npos || line[at] != wanted) return false;
        line.remove_prefix(at + 1);
        return true;
    };
    if (!skip('{') || !skip('"')) return false;
    const auto name = line.substr(0, line.find('"'));
    return std::ranges::find(kMembers, name) != kMembers.end();
}

std::optional<base::Filter> filter_named(std::string_view name) {
    for (const auto filter :
         {base::Filter::Main, base::Filter::Deploys, base::Filter::Sigs, base::Filter::Sidecar}) {
        if (base::filter_name(filter) == name) return filter;
    }
    return std::nullopt;
}

base::Error unreadable(std::string_view why) {
    return base::invalid(fmt::format("not a line that export wrote: {}", why));
}

base::Result<std::string_view> string_of(ondemand::value& value, std::string_view member) {
    std::string_view text;
    if (value.get_string().get(text) == simdjson::SUCCESS) return text;
    return unreadable(fmt::format("{} is not a string", member));
}

/// The bytes of an object or array: from its beginning to what stands behind it, less white space.
base::Result<std::string_view> bytes_of_tree(ondemand::document& document, ondemand::value& value) {
    const char* const begin = value.raw_json_token().data();
    const char* end = nullptr;
    if (upstream::check_value(value, 1) != simdjson::SUCCESS ||
        document.current_location().get(end) != simdjson::SUCCESS) {
        return unreadable("payload is cut off or not JSON");
    }
    const std::string_view bytes(begin, static_cast<std::size_t>(end - begin));
    return bytes.substr(0, bytes.find_last_not_of(kSpace) + 1);
}

base::Result<std::string_view> bytes_of(ondemand::document& document, ondemand::value& value) {
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return unreadable("payload is not JSON");
    if (type == ondemand::json_type::object || type == ondemand::json_type::array)
        return bytes_of_tree(document, value);
    return upstream::scalar_token(value);
}

base::Result<void> take_member(EventLine& line, std::string_view name, ondemand::document& document,
                               ondemand::value value, bool& has_payload) {
    if (name == "id") {
        std::uint64_t id = 0;
        if (value.get_uint64().get(id) != simdjson::SUCCESS || id == 0 || id > base::kMaxEventId)
            return unreadable("id is not an event's");
        line.id = id;
        return {};
    }
    if (name == "payload") {
        const auto bytes = bytes_of(document, value);
        if (!bytes) return bytes.error();
        line.payload.reserve(bytes->size() + simdjson::SIMDJSON_PADDING);
        line.payload = *bytes;
        has_payload = true;
        return {};
    }
    const auto text = string_of(value, name);
    if (!text) return text.error();
    if (name == "payload_text") {
        line.payload = *text;
        has_payload = true;
    } else if (name == "api_version") {
        const auto version = base::ApiVersion::parse(*text);
        if (!version) return unreadable("api_version is not MAJOR.MINOR.PATCH");
        line.api_version = *version;
    } else {
        line.source = filter_named(*text);
        if (!line.source) return unreadable("source is not an endpoint of a node");
    }
    return {};
}

base::Result<EventLine> parse_object(ondemand::document& document, ondemand::object object) {
    EventLine line;
    bool has_payload = false;
    for (auto item : object) {
        ondemand::field field;
        std::string_view name;
        if (std::move(item).get(field) != simdjson::SUCCESS ||
            field.unescaped_key().get(name) != simdjson::SUCCESS) {
            return unreadable("it is cut off or not JSON");
        }
        if (std::ranges::find(kMembers, name) == kMembers.end()) continue;
        const auto taken = take_member(line, name, document, field.value(), has_payload);
        if (!taken) return taken.error();
    }
    if (!has_payload) return unreadable("it has no payload");
    return line;
}

}  // namespace

void append_line(std::string& out, const storage::StoredEvent& event, LineForm form) {
    const bool several_lines = has_several_lines(event.payload);
    if (form == LineForm::Payload) {
        if (several_lines) {
            out += '{';
            append_payload_text(out, event.payload);
            out += '}';
        } else {
            out += event.payload;
        }
        out += '\n';
        return;
    }
    fmt::format_to(std::back_inserter(out), "{{\"id\":{}", event.id);
    if (event.api_version.known()) {
        fmt::format_to(std::back_inserter(out), ",\"api_version\":\"{}\"", event.api_version.to_string());
    }
    if (event.kind == base::Kind::Shutdown) {
        fmt::format_to(std::back_inserter(out), ",\"source\":\"{}\"", base::filter_name(event.filter));
    }
    out += ',';
    if (several_lines || has_space_around(event.payload)) {
        append_payload_text(out, event.payload);
    } else {
        out += "\"payload\":";
        out += event.payload;
    }
    out += "}\n";
}

base::Result<EventLine> parse_line(std::string line) {
    if (!is_object_of_ours(line)) return EventLine{.payload = std::move(line)};
    line.reserve(line.size() + simdjson::SIMDJSON_PADDING);
    ondemand::parser parser;
    ondemand::document document;
    ondemand::object object;
    if (parser.iterate(line).get(document) != simdjson::SUCCESS ||
        document.get_object().get(object) != simdjson::SUCCESS) {
        return unreadable("it is cut off or not JSON");
    }
    auto parsed = parse_object(document, object);
    if (parsed && document.current_location().error() != simdjson::OUT_OF_BOUNDS)
        return unreadable("it has more than one value");
    return parsed;
}

}  // namespace transfer
