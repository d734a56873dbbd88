#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "upstream/filter_set.h"
#include "upstream/node_context.h"
#include "upstream/retry_policy.h"
#include "upstream/signal.h"
#include "upstream/status_probe.h"

namespace upstream {

enum class NodeState : std::uint8_t {
    Initializing,  ///< its version is being asked for
    Connecting,
    Running,
    Repairing,     ///< it was running; connecting anew
    Suspended,     ///< not to be connected (max_attempts = 0)
    Defunct,       ///< its attempts are used up
    Incompatible,  ///< too old, or of another network; asked again slowly
};

/// The value of node_statuses.
[[nodiscard]] double gauge_value(NodeState state);

/// One node from start to stop: asks for its version, connects, reads, and tries again when that fails.
/// One thread; held by shared_ptr.
class NodeConnection : public std::enable_shared_from_this<NodeConnection> {
  public:
    /// `on_state` is called after each change of state.
    NodeConnection(std::shared_ptr<const NodeContext> node, std::function<void()> on_state);

    /// Begins; with the result of a probe() made before, if there was one.
    void start(std::optional<ProbeResult> first_probe);

    /// Asks for the node's version and network once.
    [[nodiscard]] boost::asio::awaitable<ProbeResult> probe();

    /// Ends everything soon, for good.
    void stop();

    [[nodiscard]] NodeState state() const { return state_; }
    [[nodiscard]] const std::string& name() const { return node_->options.name; }
    [[nodiscard]] bool unavailable() const {
        const bool given_up = state_ == NodeState::Defunct && node_->options.defunct_retry_after.count() == 0;
        return given_up || state_ == NodeState::Incompatible;
    }

  private:
    using Clock = std::chrono::steady_clock;

    /// How one round of probing, connecting and reading ended.
    struct RoundEnd {
        enum class Reason : std::uint8_t { Failed, ReadAnew, Incompatible } reason = Reason::Failed;
        std::string message;
    };

    [[nodiscard]] static boost::asio::awaitable<void> run(std::shared_ptr<NodeConnection> self);
    [[nodiscard]] boost::asio::awaitable<RoundEnd> run_round();
    [[nodiscard]] boost::asio::awaitable<void> prepare_next_round(RoundEnd end);
    [[nodiscard]] boost::asio::awaitable<void> give_up(std::string message);
    [[nodiscard]] boost::asio::awaitable<void> wait_for(Clock::duration delay);
    [[nodiscard]] std::optional<std::string> incompatibility(const NodeStatus& status) const;
    void note_connected();
    void enter(NodeState state);

    std::shared_ptr<const NodeContext> node_;
    std::function<void()> on_state_;
    base::Gauge& status_;
    RetryPolicy retries_;
    FilterSet filters_;
    Signal stop_signal_;
    NodeState state_;
    std::optional<ProbeResult> first_probe_;
    std::shared_ptr<TcpConnection> probe_connection_;
    base::ApiVersion build_version_;
    bool stopped_ = false;
};

}  // namespace upstream
