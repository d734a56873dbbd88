#include "stream/recent_pages.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace stream {
namespace {

std::size_t bytes_of(const ReplayPage& page) {
    std::size_t bytes = 0;
    for (const auto& frame : page.frames) bytes += frame->cost();
    for (const auto& segment : page.segments) bytes += segment->cost();
    return bytes;
}

bool is_compressed(const ReplayPage& page) {
    return !page.segments.empty();
}

/// None: no segment begins there.
std::optional<ReplayPage> compressed_from(const ReplayPage& page, base::EventId first, std::size_t offset) {
    const auto begin = std::ranges::find_if(page.segments, [&](const auto& segment) {
        const auto& extent = segment->extent();
        return extent.last > first || (extent.last == first && (extent.cut == 0 || extent.cut > offset));
    });
    if (begin != page.segments.end()) {
        const auto& extent = (*begin)->extent();
        if (extent.first < first || extent.begin != offset) return std::nullopt;
    }
    return ReplayPage{
        .segments = {begin, page.segments.end()}, .from = first, .next = page.next, .oldest = page.oldest};
}

ReplayPage frames_from(const ReplayPage& page, base::EventId first) {
    const auto begin =
        std::ranges::lower_bound(page.frames, first, {}, [](const auto& f) { return f->id(); });
    return {.frames = {begin, page.frames.end()}, .from = first, .next = page.next, .oldest = page.oldest};
}

}  // namespace

std::optional<ReplayPage> RecentPages::find(const storage::ReadRequest& request,
                                            const ReplayForm& form) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [endpoint, filter, page, bytes] : entries_) {
        const bool holds_first = page.from <= request.from && request.from < page.next;
        if (endpoint != request.endpoint || !holds_first || is_compressed(page) != form.compressed) continue;
        if (form.compressed && filter != form.filter) continue;
        if (!form.compressed) return frames_from(page, request.from);
        if (auto found = compressed_from(page, request.from, form.offset)) return found;
    }
    return std::nullopt;
}

/// Who begins within a page reads the next one from the same place as the others.
bool RecentPages::has_rest_of(const Entry& entry) const {
    return std::ranges::any_of(entries_, [&](const Entry& other) {
        return other.endpoint == entry.endpoint && other.filter == entry.filter &&
               is_compressed(other.page) == is_compressed(entry.page) && other.page.from <= entry.page.from &&
               other.page.next == entry.page.next;
    });
}

void RecentPages::add(const storage::ReadRequest& request, const ReplayPage& page, const ReplayForm& form) {
    const auto bytes = bytes_of(page);
    if (bytes > max_bytes_ || page.first_id() == 0) return;
    Entry entry{request.endpoint, form.compressed ? form.filter : EventFilter{}, page, bytes};
    std::vector<Entry> dropped;  // megabytes, given back when nobody waits for the lock
    const std::lock_guard lock(mutex_);
    if (has_rest_of(entry)) return;
    entries_.push_back(std::move(entry));
    bytes_ += bytes;
    while (bytes_ > max_bytes_) {
        bytes_ -= entries_.front().bytes;
        dropped.push_back(std::move(entries_.front()));
        entries_.pop_front();
    }
}

}  // namespace stream
