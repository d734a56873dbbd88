#include "rest/listings.h"

#include <algorithm>

#include "rest/cursor.h"
#include "rest/event_json.h"

namespace rest {
namespace {

void add_to(EntityTag& tag, const storage::FoundEvent& event) {
    tag.add(event.id);
}

void add_to(EntityTag& tag, const storage::FoundDeploy& deploy) {
    tag.add(deploy.accepted);
    tag.add(deploy.processed);
    tag.add(deploy.expired);
}

/// `add_entry` adds one to the content, and tells whether it could.
template <class Entry, class AddEntry>
base::Result<Content> page_of(base::Result<storage::Listing<Entry>> listing, const ListingName& name,
                              EntityTag tag, AddEntry add_entry) {
    if (!listing) return listing.error();
    Content content;
    content.add(R"({"data":[)");
    bool first = true;
    for (auto& entry : listing->entries) {
        if (!std::exchange(first, false)) content.add(",");
        add_to(tag, entry);
        const base::Result<void> added = add_entry(content, std::move(entry));
        if (!added) return added.error();
    }
    tag.add(listing->next ? listing->next->id : 0);
    content.etag = tag.text();
    const auto next = listing->next ? "\"" + cursor_at(*listing->next, name) + "\"" : "null";
    content.add(R"(],"next":)" + next + "}");
    return content;
}

storage::PageLimits limits_of(const Arguments& arguments) {
    storage::PageLimits limits;
    limits.max_entries = arguments.limit;
    return limits;
}

}  // namespace

base::Result<Content> list_blocks(const storage::EventFinder& finder, const Arguments& arguments,
                                  EntityTag tag) {
    const storage::BlockQuery query{
        .from_height = std::min(arguments.from.value_or(0), kMostHeight),
        .to_height = std::min(arguments.to_height.value_or(kMostHeight), kMostHeight),
        .order = arguments.order,
        .after = arguments.after,
        .limits = limits_of(arguments)};
    const auto add = [](Content& content, storage::FoundEvent event) {
        return add_inner(content, std::move(event));
    };
    return page_of(finder.blocks(query), {Query::Blocks, arguments.order}, tag, add);
}

base::Result<Content> list_events(const storage::EventFinder& finder, const Arguments& arguments,
                                  EntityTag tag) {
    const storage::EventQuery query{
        .kind = arguments.kind,
        .from = std::clamp<base::EventId>(arguments.from.value_or(1), 1, base::kMaxEventId),
        .order = arguments.order,
        .after = arguments.after,
        .limits = limits_of(arguments)};
    const auto add = [](Content& content, const storage::FoundEvent& event) -> base::Result<void> {
        add_event(content, event);
        return {};
    };
    return page_of(finder.events(query), {Query::Events, arguments.order}, tag, add);
}

base::Result<Content> list_deploys(const storage::EventFinder& finder, const Arguments& arguments,
                                   EntityTag tag) {
    storage::DeployQuery query{
        .status = arguments.status, .after = arguments.after, .limits = limits_of(arguments)};
    if (!arguments.public_key.empty()) query.account = arguments.public_key;
    if (!arguments.hash.empty()) query.block_hash = arguments.hash;
    const auto add = [](Content& content, storage::FoundDeploy deploy) {
        return add_deploy(content, std::move(deploy));
    };
    return page_of(finder.deploys(query), {Query::Deploys, storage::Order::NewestFirst}, tag, add);
}

}  // namespace rest
