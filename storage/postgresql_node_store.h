#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "storage/postgresql_pool.h"
#include "storage/queued_node_store.h"

namespace storage {

/// The nodes' wishes, histories and gaps of one instance in the log's database.
class PostgresqlNodeStore final : public QueuedNodeStore {
  public:
    /// Throws PostgresqlFailure, as step() does.
    PostgresqlNodeStore(PostgresqlPool& writer, PostgresqlPool& readers, std::int64_t instance, base::Log log,
                        std::function<void()> wake);

    [[nodiscard]] base::Result<std::vector<NodeObservation>> history(std::string_view node,
                                                                     std::size_t most) const override;

  private:
    void write(const Batch& batch) override;
    void write_gap(PostgresqlConnection& connection, const NodeGap& gap) const;
    void write_observation(PostgresqlConnection& connection, const NodeObservation& observation) const;

    PostgresqlPool& writer_;
    PostgresqlPool& readers_;
    const std::int64_t instance_;
};

}  // namespace storage
