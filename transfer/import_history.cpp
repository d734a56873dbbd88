#include "transfer/import_history.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>

#include "transfer/key_filter.h"
#include "upstream/classifier.h"

namespace transfer {

namespace {

using storage::HistoryFault;
using storage::HistoryRow;

double share(std::uint64_t done, std::uint64_t all) {
    return all == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(all);
}

ImportedEvent imported(HistoryRow row) {
    return {.place = static_cast<std::uint64_t>(row.number),
            .payload = std::move(row.payload),
            .api_version = row.api_version,
            .id = std::nullopt,
            .source = base::Filter::Main,
            .origin = std::move(row.source_address)};
}

/// Calls one of the two for each item; false when the operator ended it.
base::Result<bool> for_each(storage::HistorySource& history, Progress& progress, const Stop& stop,
                            const std::function<base::Result<void>(HistoryRow)>& on_row,
                            const std::function<void(HistoryFault)>& on_fault) {
    for (std::uint64_t rows = 0; !stop();) {
        auto item = history.next();
        if (!item) return item.error();
        if (!*item) return true;
        if (auto* fault = std::get_if<HistoryFault>(&**item)) {
            on_fault(std::move(*fault));
            continue;
        }
        const auto done = on_row(std::move(std::get<HistoryRow>(**item)));
        if (!done) return done.error();
        rows += 1;
        progress.update(share(rows, history.size()), rows);
    }
    return false;
}

base::Error of_another_network(const HistoryRow& row, const std::string& network_name) {
    return base::invalid("event_log row " + std::to_string(row.number) + " is of the network " +
                         row.network_name + ", not of " + network_name +
                         "; give that --network-name, and each network a log of its own");
}

}  // namespace

base::Result<std::optional<Survey>> survey(storage::HistorySource& history, const std::string& network_name,
                                           Progress& progress, const Stop& stop) {
    Survey survey;
    KeyFilter keys;
    upstream::Classifier classifier;
    const auto look_at = [&](HistoryRow row) -> base::Result<void> {
        if (!row.network_name.empty() && row.network_name != network_name)
            return of_another_network(row, network_name);
        base::Event event;
        if (!classifier.classify(row.payload, event)) return {};
        if (event.kind == base::Kind::ApiVersion) return {};
        if (event.kind == base::Kind::Shutdown) event.key = shutdown_key(imported(std::move(row)));
        survey.events += 1;
        if (keys.add(event.kind, event.key)) survey.repeats += 1;
        return {};
    };
    const auto complete = for_each(history, progress, stop, look_at, [](const HistoryFault&) {});
    if (!complete) return complete.error();
    if (!*complete) return std::optional<Survey>();
    if (const auto rewound = history.rewind(); !rewound) return rewound.error();
    return std::optional(survey);
}

base::EventId first_id(const Survey& survey, base::EventId old_next) {
    const auto stored_at_least = survey.events - survey.repeats;
    return old_next + 1 > stored_at_least ? old_next + 1 - stored_at_least : 1;
}

base::Result<ImportEnd> import_history(storage::HistorySource& history, Importer& importer,
                                       Progress& progress, const Stop& stop) {
    const auto complete = for_each(
        history, progress, stop, [&](HistoryRow row) { return importer.add(imported(std::move(row))); },
        [&](HistoryFault fault) {
            importer.add_fault(static_cast<std::uint64_t>(fault.number), std::move(fault.why));
        });
    if (!complete) return complete.error();
    return *complete ? ImportEnd::Complete : ImportEnd::Stopped;
}

}  // namespace transfer
