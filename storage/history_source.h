#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/api_version.h"
#include "base/event_kind.h"
#include "base/result.h"

namespace storage {

/// An event that another program stored, in the form in which a node sends it.
struct HistoryRow {
    std::int64_t number = 0;  ///< ascending in the order in which the rows were stored
    base::Kind kind = base::Kind::BlockAdded;
    std::string payload;           ///< not checked to be that of an event
    base::ApiVersion api_version;  ///< unknown, where it was not stored
    std::string network_name;      ///< likewise
    std::string source_address;    ///< the node's
    std::uint32_t node_event_id = 0;
};

/// A row that cannot be an event.
struct HistoryFault {
    std::int64_t number = 0;
    std::string why;
};

using HistoryItem = std::variant<HistoryRow, HistoryFault>;

/// The events of another program's database, one at a time in the order in which they were stored. What is
/// stored there meanwhile is not among them, and nothing there is changed. One thread at a time; blocks on
/// the database. Errors: Unavailable, when the database cannot be read; Corrupt, when it is damaged.
class HistorySource {
  public:
    virtual ~HistorySource() = default;

    /// How many rows have a payload: next() gives as many items, and those faults that have none.
    [[nodiscard]] virtual std::uint64_t size() const = 0;

    /// Nothing: that was the last one.
    [[nodiscard]] virtual base::Result<std::optional<HistoryItem>> next() = 0;

    /// Goes back to the beginning.
    [[nodiscard]] virtual base::Result<void> rewind() = 0;
};

}  // namespace storage
