#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "storage/queued_node_store.h"
#include "storage/reader_pool.h"
#include "storage/sqlite_reader.h"
#include "storage/sqlite_writer.h"

namespace storage {

/// The nodes' wishes, histories and gaps in the log's database file.
class SqliteNodeStore final : public QueuedNodeStore {
  public:
    /// Throws SqliteFailure, as step() does; that holds no turn.
    SqliteNodeStore(SqliteWriter& writer, ReaderPool<SqliteReader>& readers, base::Log log,
                    std::function<void()> wake);

    [[nodiscard]] base::Result<std::vector<NodeObservation>> history(std::string_view node,
                                                                     std::size_t most) const override;

  private:
    void write(const Batch& batch) override;
    void write_observation(const NodeObservation& observation);

    SqliteWriter& writer_;
    ReaderPool<SqliteReader>& readers_;
    SqliteStatement save_intent_;
    SqliteStatement save_gap_;
    SqliteStatement trim_gaps_;
    SqliteStatement save_observed_;
    SqliteStatement insert_history_;
    SqliteStatement trim_history_;
};

}  // namespace storage
