#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "storage/node_store.h"
#include "storage/reader_pool.h"
#include "storage/sqlite_writer.h"

namespace storage {

/// The nodes' wishes and histories in the log's database. What is to be written waits in memory until the
/// maintenance thread, which is this store's own, writes it.
class SqliteNodeStore final : public NodeStore {
  public:
    /// Observations that are kept while the database fails; the oldest beyond these are given up, and counted
    /// in the log. Wishes are all kept.
    static constexpr std::size_t kMostWaiting = 4096;

    /// `wake` is called from any thread when there is something to write. Throws SqliteFailure.
    SqliteNodeStore(SqliteWriter& writer, ReaderPool& readers, base::Log log, std::function<void()> wake);

    [[nodiscard]] std::vector<NodeIntent> intents() const override { return start_intents_; }
    void save(NodeIntent intent, std::function<void()> done) override;
    void note(NodeObservation observation) override;
    [[nodiscard]] base::Result<std::vector<NodeObservation>> history(std::string_view node,
                                                                     std::size_t most) const override;

    [[nodiscard]] bool has_work() const;

    /// Writes what waits, as much of it as makes one small transaction, and calls what was to be called then.
    /// When it throws SqliteFailure, nothing is lost: the next call tries the same again. The maintenance
    /// thread, holding no turn.
    void step();

  private:
    struct Request {
        NodeIntent intent;
        std::function<void()> done;
    };
    struct Batch {
        std::deque<Request> requests;
        std::deque<NodeObservation> observations;
    };

    [[nodiscard]] Batch take();
    void write(const Batch& batch);
    void write_observation(const NodeObservation& observation);
    void put_back(Batch batch);
    void give_up_oldest();
    void report_given_up();

    SqliteWriter& writer_;
    ReaderPool& readers_;
    base::Log log_;
    std::function<void()> wake_;
    std::vector<NodeIntent> start_intents_;
    SqliteStatement save_intent_;
    SqliteStatement save_observed_;
    SqliteStatement insert_history_;
    SqliteStatement trim_history_;

    mutable std::mutex mutex_;  // guards the following
    Batch waiting_;
    std::uint64_t given_up_ = 0;  // observations, since the last report
};

}  // namespace storage
