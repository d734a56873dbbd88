#include "storage/verification.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace storage {

namespace {

/// Likeness of neighbours is one damage.
void add(std::vector<Damage>& damages, Damage damage) {
    if (!damages.empty()) {
        auto& before = damages.back();
        if (before.first != 0 && before.kind == damage.kind && before.what == damage.what &&
            before.last + 1 == damage.first) {
            before.last = damage.last;
            return;
        }
    }
    damages.push_back(std::move(damage));
}

/// A page's events and deleted runs in the order of their ids.
void walk_page(ChainWalk& walk, const RowPage& page) {
    auto run = page.runs.begin();
    for (const auto& row : page.rows) {
        while (run != page.runs.end() && run->first <= row.id) walk.run(*run++);
        walk.row(row);
    }
    while (run != page.runs.end()) walk.run(*run++);
}

double share(base::EventId first, base::EventId at, const std::optional<LogEnd>& end) {
    if (!end || end->range.next <= first) return -1;
    return static_cast<double>(at - first) / static_cast<double>(end->range.next - first);
}

std::uint64_t ids_of(const std::vector<LogRun>& runs) {
    std::uint64_t ids = 0;
    for (const auto& run : runs) ids += run.last - run.first + 1;
    return ids;
}

base::Result<ChainWalk> begin(LogRows& log, base::EventId from) {
    const auto first = log.first_id();
    if (!first) return first.error();
    if (from <= *first) return ChainWalk(*first, Digest{});
    const auto before = log.before(from);
    if (!before) return before.error();
    if (!*before) return ChainWalk(from, std::nullopt);
    return ChainWalk((*before)->last + 1, (*before)->end);
}

}  // namespace

base::Result<Verification> verify(LogRows& log, const VerifyOptions& options) {
    auto begun = begin(log, options.from);
    if (!begun) return begun.error();
    auto& walk = *begun;
    Verification result;
    result.first = walk.next();
    const auto stop = [&] { return options.stop && options.stop(); };

    std::optional<LogEnd> end;
    for (auto at = walk.next();;) {
        if (stop()) {
            result.stopped = true;
            break;
        }
        auto page = log.read(at);
        if (!page) return page.error();
        if (page->end && options.from > page->end->range.next) {
            return base::invalid("the log ends with event " + std::to_string(page->end->range.newest()));
        }
        walk_page(walk, *page);
        for (auto& damage : page->damages) add(result.damages, std::move(damage));
        end = page->end;
        if (options.progress) options.progress(share(result.first, walk.next(), end), walk.events());
        if (page->last || page->next <= at) break;
        at = page->next;
    }
    if (!result.stopped) walk.end(end);

    for (const auto& damage : walk.damages()) add(result.damages, damage);
    result.events = walk.events();
    result.chain = walk.chain().value_or(Digest{});
    result.last = walk.next() - 1;
    if (result.last < result.first) result.first = result.last = 0;
    result.lost = walk.lost();
    result.rehashed = walk.rehashed();
    result.runs = walk.runs();
    result.deleted = ids_of(result.runs);
    if (result.stopped) return result;

    const std::function<bool()> ask = stop;
    auto surroundings = log.check_surroundings(ask);
    if (!surroundings) return surroundings.error();
    for (auto& damage : surroundings->damages) add(result.damages, std::move(damage));
    result.notes = std::move(surroundings->notes);
    return result;
}

base::Result<std::vector<Damage>> check_chain(LogRows& log, base::EventId from) {
    auto walk = begin(log, from);
    if (!walk) return walk.error();
    for (auto at = walk->next();;) {
        const auto page = log.read(at);
        if (!page) return page.error();
        walk_page(*walk, *page);
        if (page->last || page->next <= at) {
            walk->end(page->end);
            return walk->damages();
        }
        at = page->next;
    }
}

}  // namespace storage
