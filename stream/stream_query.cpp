#include "stream/stream_query.h"

#include <charconv>
#include <string>

#include "net/http_message.h"
#include "stream/filter_fields.h"

namespace stream {

base::Result<StreamQuery> read_query(std::string_view text, base::Endpoint endpoint) {
    const auto invalid = base::invalid(std::string(kInvalidQuery));
    const auto fields = net::parse_query(text);
    if (!fields) return invalid;
    StreamQuery query;
    FilterFields filter_fields(endpoint);
    for (const auto& [name, value] : *fields) {
        if (name == "start_from" && !query.start_from) {
            query.start_from = parse_id(value);
            if (!query.start_from) return invalid;
        } else if (name == "on_gap" && !query.fail_on_gap && value == "fail") {
            query.fail_on_gap = true;
        } else if (!filter_fields.take(name, value)) {
            return invalid;
        }
    }
    const auto filter = filter_fields.filter();
    if (!filter) return filter.error();
    query.filter = *filter;
    return query;
}

std::optional<base::EventId> parse_id(std::string_view text) {
    base::EventId id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size() || id > base::kMaxEventId)
        return std::nullopt;
    return id;
}

}  // namespace stream
