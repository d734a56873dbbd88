#include "transfer/importer.h"

#include <chrono>
#include <future>
#include <memory>
#include <numeric>
#include <utility>

#include "upstream/natural_key.h"

namespace transfer {

namespace {

using namespace std::chrono_literals;

/// A log whose database fails tries again for ever; an import ends.
constexpr auto kPatience = 60s;
constexpr auto kLookForStop = 100ms;

}  // namespace

std::uint64_t ImportSummary::stored() const {
    return std::accumulate(events.begin(), events.end(), std::uint64_t{0});
}

void ImportSummary::add_fault(std::uint64_t place, std::string why) {
    fault_count += 1;
    if (faults.size() < kMostFaults) faults.push_back({place, std::move(why)});
}

std::string describe(const upstream::ClassifyError& error) {
    switch (error.problem) {
        case upstream::ClassifyProblem::Unreadable:
            return "not the JSON of an event: " + error.detail;
        case upstream::ClassifyProblem::UnknownKind:
            return "unknown kind \"" + error.detail + "\"";
        case upstream::ClassifyProblem::MissingKey:
        case upstream::ClassifyProblem::BadVersion:
            break;
    }
    return error.detail;
}

base::NaturalKey shutdown_key(const ImportedEvent& event) {
    const base::NodePosition position{static_cast<std::uint32_t>(event.place),
                                      static_cast<std::uint32_t>(event.place >> 32U)};
    // The space keeps it apart from the names of nodes that are read.
    const auto origin = "import " + event.origin;
    return upstream::occurrence_key({origin.begin(), origin.end()}, event.source, position);
}

Importer::Importer(storage::EventLog& log, std::string network_name, Stop stop)
    : log_(log), network_name_(std::move(network_name)), stop_(std::move(stop)) {}

base::Result<void> Importer::add(ImportedEvent imported) {
    base::Event event;
    if (const auto known = classifier_.classify(imported.payload, event); !known) {
        add_fault(imported.place, describe(known.error()));
        return {};
    }
    if (event.kind == base::Kind::ApiVersion) {
        announce(event.api_version);
        return {};
    }
    if (event.kind == base::Kind::Shutdown) event.key = shutdown_key(imported);
    event.filter = event.kind == base::Kind::Shutdown ? imported.source : base::row_of(event.kind).filter;

    announce(imported.api_version);
    event.payload = std::move(imported.payload);
    if (event.payload.size() > storage::kLargePayload) {
        // What is staged stays in memory until it is appended, and its number is good for one event.
        if (const auto stored = store(); !stored) return stored;
        if (const auto staged = stage(event); !staged) return staged;
        if (event.staged_payload == 0) {
            summary_.duplicates += 1;
            return {};
        }
    }
    batch_bytes_ += event.payload.size();
    batch_.push_back(std::move(event));
    old_ids_.push_back(imported.id);
    const bool is_full = batch_.size() >= kBatchEvents || batch_bytes_ >= kBatchBytes;
    return is_full || batch_.back().staged_payload != 0 ? store() : base::Result<void>();
}

void Importer::announce(base::ApiVersion version) {
    if (version <= api_version_) return;
    api_version_ = version;
    base::Event event;
    event.api_version = version;
    batch_.push_back(std::move(event));
    old_ids_.emplace_back();
}

base::Result<void> Importer::stage(base::Event& event) {
    const auto lent = std::make_shared<base::Event>(std::move(event));
    // Shared, as the log may keep the callback longer than this waits.
    const auto promise = std::make_shared<std::promise<std::uint64_t>>();
    auto number = promise->get_future();
    log_.stage(lent, [promise](std::uint64_t staged) { promise->set_value(staged); });
    for (auto waited = std::chrono::milliseconds(0);
         number.wait_for(kLookForStop) != std::future_status::ready;) {
        waited += kLookForStop;
        if (stop_() || waited >= kPatience)
            return base::unavailable("the log did not take a payload of " +
                                     std::to_string(lent->payload.size()) + " bytes");
    }
    event = std::move(*lent);
    event.staged_payload = number.get();
    return {};
}

base::Result<void> Importer::finish() {
    return store();
}

base::Result<void> Importer::store() {
    if (batch_.empty()) return {};
    const auto appended = log_.append(batch_, network_name_);
    if (!appended) return appended.error();
    for (std::size_t i = 0; i < batch_.size(); ++i) {
        if (batch_[i].kind == base::Kind::ApiVersion) continue;
        const auto id = appended->ids[i];
        if (id == 0) {
            summary_.duplicates += 1;
            continue;
        }
        summary_.events[static_cast<std::size_t>(batch_[i].kind)] += 1;
        if (old_ids_[i] && *old_ids_[i] != id) summary_.renumbered = true;
    }
    batch_.clear();
    old_ids_.clear();
    batch_bytes_ = 0;
    return {};
}

}  // namespace transfer
