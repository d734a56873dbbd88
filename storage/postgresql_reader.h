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

/// The reads of the log, each a few statements that hold nothing between them. Thread-safe.
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
    [[nodiscard]] base::EventId next_id(Session& session) const;
    /// Nothing when it does not fit.
    [[nodiscard]] std::optional<StoredEvent> take_event(Session& session, const pqxx::row& row,
                                                        PageBudget& budget) const;
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
