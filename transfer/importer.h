#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "storage/event_log.h"
#include "transfer/stop.h"
#include "upstream/classifier.h"

namespace transfer {

/// What is not an event, and why.
struct ImportFault {
    std::uint64_t place = 0;  ///< of the line or row
    std::string why;
};

struct ImportSummary {
    std::array<std::uint64_t, base::kKinds.size()> events{};  ///< stored, by kind
    std::uint64_t duplicates = 0;                             ///< known already by their natural keys
    std::uint64_t fault_count = 0;
    std::vector<ImportFault> faults;  ///< the first kMostFaults
    bool renumbered = false;          ///< an event that had an id was given another

    static constexpr std::size_t kMostFaults = 20;

    [[nodiscard]] std::uint64_t stored() const;
    void add_fault(std::uint64_t place, std::string why);
};

/// One event on its way into a log.
struct ImportedEvent {
    std::uint64_t place = 0;  ///< of its line or row; no two have the same
    std::string payload;
    base::ApiVersion api_version;     ///< unknown: that of the event before
    std::optional<base::EventId> id;  ///< what it had where it comes from
    /// Of a Shutdown: where it belongs, and the node or file that it is of. A Shutdown of another origin or
    /// place is another event.
    base::Filter source = base::Filter::Main;
    std::string origin;
};

/// Brings payloads into a log as if a node had sent them, many in one transaction. Nothing is broadcast and
/// no node's position is stored. Acts as the log's publisher.
class Importer {
  public:
    static constexpr std::size_t kBatchEvents = 512;
    static constexpr std::size_t kBatchBytes = std::size_t{4} << 20;

    /// `stop` ends the waiting for a log that cannot take a large payload.
    Importer(storage::EventLog& log, std::string network_name, Stop stop);

    /// The version of the first events, as long as they have none of their own. Before the first add().
    void begin_with(base::ApiVersion version) { announce(version); }

    /// Errors are those of the log. What is no event is counted as a fault, which is no error.
    [[nodiscard]] base::Result<void> add(ImportedEvent event);
    void add_fault(std::uint64_t place, std::string why) { summary_.add_fault(place, std::move(why)); }

    /// Stores what is left. What was added before is durable when it returns.
    [[nodiscard]] base::Result<void> finish();

    /// Of what is stored so far; complete after finish().
    [[nodiscard]] const ImportSummary& summary() const { return summary_; }

  private:
    void announce(base::ApiVersion version);
    [[nodiscard]] base::Result<void> stage(base::Event& event);
    [[nodiscard]] base::Result<void> store();

    storage::EventLog& log_;
    std::string network_name_;
    Stop stop_;
    upstream::Classifier classifier_;
    base::ApiVersion api_version_;
    base::EventBatch batch_;
    std::vector<std::optional<base::EventId>> old_ids_;  // of the batch's events
    std::size_t batch_bytes_ = 0;
    ImportSummary summary_;
};

/// In words for an operator.
[[nodiscard]] std::string describe(const upstream::ClassifyError& error);

/// The key under which a Shutdown is known: it has none in its payload.
[[nodiscard]] base::NaturalKey shutdown_key(const ImportedEvent& event);

}  // namespace transfer
