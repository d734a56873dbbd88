#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/event_kind.h"
#include "base/result.h"
#include "storage/event_log.h"
#include "storage/page_budget.h"
#include "storage/postgresql_head.h"
#include "storage/postgresql_pool.h"

namespace storage {

/// The reads of the log, each a few statements that hold nothing between them: what is deleted in the middle
/// of one is missing from it, and the head then tells so. Thread-safe.
class PostgresqlReader {
  public:
    /// `learnt`: called when a read told of a head that was not known.
    PostgresqlReader(PostgresqlPool& pool, KnownHead& head, std::int64_t instance,
                     std::function<void()> learnt);

    [[nodiscard]] base::Result<Page> read(const ReadRequest& request) const;
    [[nodiscard]] base::Result<std::vector<StoredEvent>> read_newest(std::size_t max_events,
                                                                     std::size_t max_bytes) const;

  private:
    using Session = PostgresqlPool::Session;

    [[nodiscard]] Page read_page(Session& session, const ReadRequest& request) const;
    [[nodiscard]] std::vector<StoredEvent> read_newest(Session& session, PageBudget budget) const;
    Range learn_head(Session& session) const;
    /// Adds the event, unless it was deleted meanwhile; false when it does not fit.
    [[nodiscard]] bool take_event(Session& session, const pqxx::row& row, PageBudget& budget,
                                  std::vector<StoredEvent>& events) const;
    [[nodiscard]] const PostgresqlStatement& statement(const ReadRequest& request) const;

    PostgresqlPool& pool_;
    KnownHead& head_;
    const std::int64_t instance_;
    const std::function<void()> learnt_;
    const PostgresqlStatement all_;
    const std::array<PostgresqlStatement, base::kEndpointCount> by_endpoint_;
    const PostgresqlStatement newest_;
};

}  // namespace storage
