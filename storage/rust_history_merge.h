#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/history_source.h"

namespace storage {

/// The rows of a query of the Rust sidecar's database, in the order of their numbers, with the one at hand.
/// Throws as its database does.
class RustRows {
  public:
    virtual ~RustRows() = default;
    [[nodiscard]] virtual bool ended() const = 0;
    /// Of the row at hand: its event_log_id, the query's first column.
    [[nodiscard]] virtual std::int64_t number() const = 0;
    /// A column of the row at hand as text, empty if it is NULL; valid until advance().
    [[nodiscard]] virtual std::string_view text(int column) const = 0;
    virtual void advance() = 0;
};

/// The columns of event_log that are read, in this order; those that a version does not have are empty.
inline constexpr std::string_view kRustLogColumns[] = {"event_type_id", "event_source_address", "event_id",
                                                       "api_version", "network_name"};

/// The table of a kind, in SQL.
[[nodiscard]] std::string quoted_table(base::Kind kind);

/// Joins the table event_log with those of the kinds, all read side by side in the order of their numbers:
/// they have no index by which a row could be found.
class RustHistoryMerge {
  public:
    using KindRows = std::pair<base::Kind, std::unique_ptr<RustRows>>;

    /// `log`: event_log_id and kRustLogColumns. Each of `kinds`: event_log_id and raw. `types`: the table
    /// event_type.
    RustHistoryMerge(std::unique_ptr<RustRows> log, std::vector<KindRows> kinds,
                     std::map<std::int64_t, std::string> types);

    [[nodiscard]] std::optional<HistoryItem> next();

  private:
    [[nodiscard]] std::optional<std::int64_t> lowest() const;
    [[nodiscard]] std::string take_log(HistoryRow& row);

    std::unique_ptr<RustRows> log_;
    std::vector<KindRows> kinds_;
    std::map<std::int64_t, std::string> types_;
};

}  // namespace storage
