#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/event.h"
#include "base/event_queue.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "upstream/node_gap.h"
#include "upstream/node_wish.h"
#include "upstream/options.h"
#include "upstream/steering.h"

namespace upstream {

using Batch = base::Batch;
using Queue = base::EventQueue;

/// Where one endpoint of one node is to be read from, and the event last read there.
struct ResumePoint {
    base::NodePosition position;
    base::Kind kind = base::Kind::ApiVersion;
    base::NaturalKey key;
};
using ResumePoints = std::map<std::pair<std::string, base::Filter>, ResumePoint>;

/// Stores a large payload ahead of its event (storage::EventLog::stage has the contract). `done` comes on any
/// thread, with 0 when the event is known already; from then on the payload of `event` is not read any more
/// (it is moved on).
using StagePayload =
    std::function<void(std::shared_ptr<const base::Event> event, std::function<void(std::uint64_t)> done)>;

/// Makes a wish durable, then calls `done` on any thread.
using SaveWish = std::function<void(NodeWish wish, std::function<void()> done)>;
/// Likewise a gap; one that begins as a stored one takes its place.
using SaveGap = std::function<void(NodeGap gap, std::function<void()> done)>;

struct Dependencies {
    base::Log log;
    base::Metrics& metrics;
    Queue& queue;                ///< batches go here; a full queue pauses the reading
    StagePayload stage_payload;  ///< for payloads above `large_payload` bytes
    std::size_t large_payload = std::size_t{1} << 20;
    ResumePoints resume;
    std::string instance_name;  ///< of this sidecar, for nodes that tell no key of their own
    std::string
        required_network;  ///< from the configuration or the log; empty: the first node probed names it
    bool log_is_empty =
        false;  ///< or of no known network: nothing is read before every node was probed or could not be

    std::vector<NodeWish> wishes;  ///< that were saved before
    SaveWish save_wish;
    std::vector<NodeGap> gaps;  ///< that were saved before, the oldest first
    SaveGap save_gap;
    std::function<void(NodeTransition)> note;  ///< called on the upstream thread at each transition

    /// Called on the upstream thread, when every node that is not suspended is given up or incompatible;
    /// once, until one is not.
    std::function<void()> all_nodes_unavailable;
    /// Called once, on the upstream thread, when reading cannot begin: nodes of different networks at an
    /// empty log.
    std::function<void(base::Error)> failed_to_start;
};

/// All node connections. Lives on one io_context that one thread runs; start() and stop() from that thread.
class Upstream final : public Steering {
  public:
    /// `configured`: the nodes of the configuration file; the wishes decide which of them are read, and add
    /// others.
    Upstream(boost::asio::io_context& context, std::vector<NodeOptions> configured,
             Dependencies dependencies);
    ~Upstream() override;
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;

    void start();

    /// Ends every connection and timer; the io_context runs out of work soon after. What was read but not
    /// queued is given up: its position is not stored, so it is read again.
    void stop();

    /// The configuration file was read again: nodes that changed restart, new ones start, missing ones end.
    /// What was commanded goes on to hold. New connections over TLS trust what the system trusts now. Any
    /// thread.
    void configure(std::vector<NodeOptions> configured);

    void report(Reports reports) override;
    void suspend(std::string node, Answer answer) override;
    void resume(std::string node, Answer answer) override;
    void remove(std::string node, Answer answer) override;
    void add(NodeSpec node, Answer answer) override;

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace upstream
