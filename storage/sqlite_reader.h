#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "base/event_kind.h"
#include "storage/event_log.h"
#include "storage/node_store.h"
#include "storage/page_budget.h"
#include "storage/sqlite.h"
#include "storage/sqlite_stored_payloads.h"

namespace storage {

/// A connection that only reads, with its statements. Needs no space on the disk. One thread at a time;
/// throws SqliteFailure.
class SqliteReader {
  public:
    explicit SqliteReader(const std::filesystem::path& file);

    [[nodiscard]] Page read(const ReadRequest& request);
    [[nodiscard]] std::vector<StoredEvent> read_newest(std::size_t max_events, std::size_t max_bytes);
    [[nodiscard]] std::vector<NodeObservation> node_history(std::string_view node, std::size_t most);

  private:
    [[nodiscard]] SqliteStatement& endpoint_statement(base::Endpoint endpoint);
    [[nodiscard]] StoredEvent take_event(const SqliteStatement::Rows& rows);
    [[nodiscard]] bool is_too_large(const SqliteStatement::Rows& rows, const PageBudget& budget);
    [[nodiscard]] std::string large_payload(base::EventId id, std::int64_t number);

    SqliteConnection connection_;
    SqliteStoredPayloads payloads_;
    SqliteStatement head_;
    SqliteStatement all_;
    SqliteStatement newest_;
    SqliteStatement node_history_;
    std::array<std::optional<SqliteStatement>, base::kEndpointCount> by_endpoint_;
};

}  // namespace storage
