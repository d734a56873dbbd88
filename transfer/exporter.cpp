#include "transfer/exporter.h"

#include <algorithm>
#include <string>

namespace transfer {

namespace {

constexpr std::size_t kPageEvents = 1024;
constexpr std::size_t kPageBytes = std::size_t{2} << 20;

bool is_wanted(const storage::StoredEvent& event, const ExportOptions& options) {
    if (options.form == LineForm::Payload && event.kind == base::Kind::Shutdown &&
        event.filter == base::Filter::Sidecar) {
        return false;
    }
    return options.kinds.empty() || std::ranges::find(options.kinds, event.kind) != options.kinds.end();
}

double share(base::EventId from, base::EventId at, base::EventId to) {
    return to <= from ? 1.0 : static_cast<double>(at - from) / static_cast<double>(to - from);
}

}  // namespace

base::Result<Exported> export_events(const storage::EventReader& log, const ExportOptions& options,
                                     OutputFile& output, Progress& progress, const Stop& stop) {
    const auto to = std::min(options.to, log.range().next);
    Exported exported;
    std::string lines;
    for (base::EventId at = options.from; at < to;) {
        if (stop()) {
            exported.end = Exported::End::Stopped;
            return exported;
        }
        const auto page =
            log.read({.from = at, .to = to, .max_events = kPageEvents, .max_bytes = kPageBytes});
        if (!page) return page.error();
        if (page->next <= at) return base::corrupt("the log ends before its newest id");

        lines.clear();
        std::uint64_t events = 0;
        base::EventId last = exported.last;
        for (const auto& event : page->events) {
            if (!is_wanted(event, options)) continue;
            append_line(lines, event, options.form);
            events += 1;
            last = event.id;
        }
        const auto written = output.write(lines);
        if (!written) return written.error();
        if (*written == OutputFile::State::ReaderGone) {
            exported.end = Exported::End::ReaderGone;
            return exported;
        }
        exported.events += events;
        exported.last = last;
        at = page->next;
        progress.update(share(options.from, at, to), exported.events);
    }
    return exported;
}

}  // namespace transfer
