#include "rest/event_json.h"

#include <fmt/format.h>

#include "base/rfc3339.h"
#include "rest/cutting.h"

namespace rest {
namespace {

std::string hex_of(const base::KeyBytes& bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const auto byte : bytes) {
        text.push_back(kDigits[byte >> 4U]);
        text.push_back(kDigits[byte & 0xFU]);
    }
    return text;
}

base::Result<void> add_inner_or_null(Content& content, std::optional<storage::FoundEvent> event) {
    if (event) return add_inner(content, std::move(*event));
    content.add("null");
    return {};
}

}  // namespace

base::Result<void> add_inner(Content& content, storage::FoundEvent event) {
    if (event.large != 0) {
        content.add(LargePart{event.large, false});
        return {};
    }
    const auto inner = inner_of(event.payload);
    if (!inner) return base::corrupt(fmt::format("event {} is not one object with one member", event.id));
    const auto begin = static_cast<std::size_t>(inner->data() - event.payload.data());
    event.payload.resize(begin + inner->size());
    event.payload.erase(0, begin);
    content.take(std::move(event.payload));
    return {};
}

void add_event(Content& content, const storage::FoundEvent& event) {
    const std::chrono::sys_time<std::chrono::milliseconds> received(event.received_at);
    content.add(fmt::format(R"({{"id":{},"kind":"{}","received_at":"{}","data":)", event.id,
                            base::row_of(event.kind).name, base::rfc3339(received)));
    if (event.large != 0) {
        content.add(LargePart{event.large, true});
    } else {
        content.add(event.payload);
    }
    content.add("}");
}

base::Result<void> add_deploy(Content& content, storage::FoundDeploy deploy) {
    content.add(fmt::format(R"({{"deploy_hash":"{}","deploy_accepted":)", hex_of(deploy.hash)));
    if (auto added = add_inner_or_null(content, std::move(deploy.accepted)); !added) return added;
    content.add(R"(,"deploy_processed":)");
    if (auto added = add_inner_or_null(content, std::move(deploy.processed)); !added) return added;
    content.add(deploy.expired ? R"(,"deploy_expired":true})" : R"(,"deploy_expired":false})");
    return {};
}

}  // namespace rest
