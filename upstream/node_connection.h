#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "upstream/filter_set.h"
#include "upstream/node_context.h"
#include "upstream/node_lifecycle.h"
#include "upstream/node_report.h"
#include "upstream/signal.h"
#include "upstream/status_probe.h"
#include "upstream/steering.h"

namespace upstream {

/// One node from its beginning to its deletion: does the work that its lifecycle asks for, in one coroutine,
/// so that there is never more than one set of connections. Commands take effect at once, whatever is under
/// way. One thread; held by shared_ptr.
class NodeConnection : public std::enable_shared_from_this<NodeConnection> {
  public:
    /// `on_transition` is called after each transition. A node that is not suspended is expected at the
    /// network gate.
    NodeConnection(std::shared_ptr<SharedContext> shared, const NodeSpec& spec,
                   std::function<void()> on_transition);

    void start();

    /// The program ends: everything ends soon, and no state is changed any more.
    void stop();

    void suspend();
    void resume();
    void remove();
    void reconfigure(const NodeOptions& options);
    /// Sets the node's gauge once more.
    void show_status() { status_gauge().Set(lifecycle_.gauge()); }
    /// Goes on, if it waits for the network gate.
    void wake() { wake_.notify(); }

    [[nodiscard]] const std::string& name() const { return node_->options.name; }
    /// As configured last; what is open may still be that of before.
    [[nodiscard]] const NodeOptions& options() const { return configured_->options; }
    [[nodiscard]] NodeState state() const { return lifecycle_.state(); }
    [[nodiscard]] bool unavailable() const { return lifecycle_.unavailable(); }
    /// Suspended, or about to be.
    [[nodiscard]] bool suspended() const;
    /// Deleted, or about to be.
    [[nodiscard]] bool deleted() const;
    [[nodiscard]] NodeReport report() const;

  private:
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] static boost::asio::awaitable<void> run(std::shared_ptr<NodeConnection> self);
    [[nodiscard]] boost::asio::awaitable<void> do_work(NodeLifecycle::Work work);
    [[nodiscard]] boost::asio::awaitable<void> attempt();
    [[nodiscard]] boost::asio::awaitable<bool> find_compatible();
    [[nodiscard]] boost::asio::awaitable<ProbeResult> probe();
    [[nodiscard]] boost::asio::awaitable<void> pass_gate(const std::string& network);
    [[nodiscard]] boost::asio::awaitable<void> read();
    void interrupt();
    void prepare_filters();
    void on_transition(const NodeLifecycle::Transition& transition);
    void log(const NodeLifecycle::Transition& transition) const;
    [[nodiscard]] base::Gauge& status_gauge() const;
    [[nodiscard]] std::string gauge_label() const;
    void remove_metrics();
    void remember_positions();

    std::shared_ptr<SharedContext> shared_;
    std::shared_ptr<const NodeContext> node_;
    std::function<void()> on_transition_;
    Signal wake_;
    NodeLifecycle lifecycle_;
    std::chrono::system_clock::time_point since_;
    std::unique_ptr<FilterSet> filters_;
    std::shared_ptr<const NodeContext> configured_;  ///< what the next filters are to be made from
    std::shared_ptr<TcpConnection> probe_connection_;
    NodeStatus status_;
    bool interrupted_ = false;  ///< since the present piece of work began
    bool stopped_ = false;
};

}  // namespace upstream
