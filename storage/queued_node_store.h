#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "base/log.h"
#include "storage/node_store.h"

namespace storage {

/// What every database form of the NodeStore shares: what is to be written waits in memory until the log's
/// maintenance thread, which is this store's own, writes it.
class QueuedNodeStore : public NodeStore {
  public:
    /// Observations that are kept while the database fails; the oldest beyond these are given up, and counted
    /// in the log. Wishes and gaps are all kept.
    static constexpr std::size_t kMostWaiting = 4096;

    [[nodiscard]] std::vector<NodeIntent> intents() const final { return start_.intents; }
    void save(NodeIntent intent, std::function<void()> done) final;
    [[nodiscard]] std::vector<NodeGap> gaps() const final { return start_.gaps; }
    void save(NodeGap gap, std::function<void()> done) final;
    void note(NodeObservation observation) final;

    [[nodiscard]] bool has_work() const;

    /// Writes what waits, as much of it as makes one small transaction, and calls what was to be called then.
    /// When it throws, as the database form does, nothing is lost: the next call tries the same again. The
    /// maintenance thread.
    void step();

  protected:
    struct Request {
        NodeIntent intent;
        std::function<void()> done;
    };
    struct GapRequest {
        NodeGap gap;
        std::function<void()> done;
    };
    struct Batch {
        std::deque<Request> requests;
        std::deque<GapRequest> gaps;
        std::deque<NodeObservation> observations;
    };

    /// What the database holds as of start-up.
    struct Start {
        std::vector<NodeIntent> intents;
        std::vector<NodeGap> gaps;
    };

    /// `wake` is called from any thread when there is something to write.
    QueuedNodeStore(Start start, base::Log log, std::function<void()> wake);

    /// Writes the batch in one transaction, or throws.
    virtual void write(const Batch& batch) = 0;

  private:
    [[nodiscard]] Batch take();
    void put_back(Batch batch);
    void give_up_oldest();
    void report_given_up();

    const Start start_;
    const base::Log log_;
    const std::function<void()> wake_;

    mutable std::mutex mutex_;  // guards the following
    Batch waiting_;
    std::uint64_t given_up_ = 0;  // observations, since the last report
};

}  // namespace storage
