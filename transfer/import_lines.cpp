#include "transfer/import_lines.h"

#include <string_view>
#include <utility>

#include "transfer/event_line.h"

namespace transfer {

namespace {

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t") == std::string_view::npos;
}

base::Result<void> check_not_compressed(std::string_view line) {
    if (line.starts_with("\x1f\x8b"))
        return base::invalid("the file is compressed: gzip -dc FILE | event-sidecar import - …");
    if (line.starts_with("\x28\xb5\x2f\xfd"))
        return base::invalid("the file is compressed: zstd -dc FILE | event-sidecar import - …");
    return {};
}

/// Only the first event's id can be asked for: the others follow it.
base::Result<void> begin_at(storage::EventLog& log, const EventLine& line) {
    if (!line.id || *line.id <= log.range().next) return {};
    return log.begin_at(*line.id);
}

}  // namespace

base::Result<ImportEnd> import_lines(LineReader& lines, std::uint64_t size, storage::EventLog& log,
                                     Importer& importer, Progress& progress, const Stop& stop) {
    bool is_first = true;
    std::string text;
    while (!stop()) {
        const auto found = lines.next(text);
        if (!found) return found.error();
        if (*found == LineReader::Found::End) return ImportEnd::Complete;
        if (*found == LineReader::Found::Interrupted) continue;
        if (*found == LineReader::Found::TooLong) {
            importer.add_fault(lines.number(), "longer than an event can be");
            continue;
        }
        if (is_blank(text)) continue;
        if (is_first) {
            if (const auto checked = check_not_compressed(text); !checked) return checked.error();
        }
        auto line = parse_line(std::move(text));
        if (!line) {
            importer.add_fault(lines.number(), line.error().message);
            continue;
        }
        if (std::exchange(is_first, false)) {
            if (const auto begun = begin_at(log, *line); !begun) return begun.error();
        }
        const auto added = importer.add({.place = lines.number(),
                                         .payload = std::move(line->payload),
                                         .api_version = line->api_version,
                                         .id = line->id,
                                         .source = line->source.value_or(base::Filter::Main),
                                         .origin = {}});
        if (!added) return added.error();
        const double done = size == 0 ? -1.0 : static_cast<double>(lines.bytes()) / static_cast<double>(size);
        progress.update(done, lines.number());
    }
    return ImportEnd::Stopped;
}

}  // namespace transfer
