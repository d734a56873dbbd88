#include "upstream/node_connection.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <fmt/format.h>
#include <random>
#include <utility>

namespace upstream {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kIncompatibleRetry{60};

RetryPolicy::Random make_random() {
    return [engine = std::minstd_rand(std::random_device{}())]() mutable {
        return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
    };
}

base::Gauge& status_gauge(const NodeContext& node) {
    return node.shared->dependencies.metrics.node_status(
        fmt::format("{}:{}", node.options.ip_address, node.options.sse_port));
}

double seconds(std::chrono::milliseconds delay) {
    return std::chrono::duration<double>(delay).count();
}

void rethrow(const std::exception_ptr& exception) {
    if (exception) std::rethrow_exception(exception);
}

}  // namespace

double gauge_value(NodeState state) {
    switch (state) {
        case NodeState::Initializing:
        case NodeState::Suspended:
            return 0;
        case NodeState::Connecting:
            return 1;
        case NodeState::Running:
            return 2;
        case NodeState::Repairing:
            return 3;
        case NodeState::Defunct:
            return -1;
        case NodeState::Incompatible:
            return -2;
    }
    return 0;
}

NodeConnection::NodeConnection(std::shared_ptr<const NodeContext> node, std::function<void()> on_state)
    : node_(std::move(node)),
      on_state_(std::move(on_state)),
      status_(status_gauge(*node_)),
      retries_(node_->options, make_random()),
      filters_(node_, make_random()),
      stop_signal_(node_->shared->executor),
      state_(node_->options.max_attempts == 0 ? NodeState::Suspended : NodeState::Initializing) {
    status_.Set(gauge_value(state_));
}

void NodeConnection::start(std::optional<ProbeResult> first_probe) {
    if (state_ == NodeState::Suspended) {
        node_->log->info("node {}: not connected, as its max_attempts is 0", name());
        return;
    }
    first_probe_ = std::move(first_probe);
    asio::co_spawn(node_->shared->executor, run(shared_from_this()), rethrow);
}

void NodeConnection::stop() {
    stopped_ = true;
    on_state_ = nullptr;
    if (probe_connection_) probe_connection_->close();
    filters_.stop();
    stop_signal_.notify();
}

asio::awaitable<ProbeResult> NodeConnection::probe() {
    probe_connection_ = std::make_shared<TcpConnection>(node_->shared->executor);
    const auto address = node_->rest_address();
    auto result = co_await probe_status(probe_connection_, address, node_->options.connection_timeout);
    probe_connection_.reset();
    if (!result && !result.error().metric().empty()) {
        auto& metrics = node_->shared->dependencies.metrics;
        metrics.error("fetching_build_version_for_node", result.error().metric()).Increment();
    }
    co_return result;
}

asio::awaitable<void> NodeConnection::run(std::shared_ptr<NodeConnection> self) {
    while (!self->stopped_) {
        auto end = co_await self->run_round();
        if (self->stopped_) break;
        co_await self->prepare_next_round(std::move(end));
    }
}

asio::awaitable<NodeConnection::RoundEnd> NodeConnection::run_round() {
    if (state_ != NodeState::Repairing) enter(NodeState::Initializing);
    auto status = std::exchange(first_probe_, std::nullopt);
    if (!status) status = co_await probe();
    if (stopped_) co_return RoundEnd{};
    if (!*status) co_return RoundEnd{.reason = RoundEnd::Reason::Failed, .message = status->error().message};
    if (auto why = incompatibility(**status)) {
        co_return RoundEnd{.reason = RoundEnd::Reason::Incompatible, .message = std::move(*why)};
    }
    build_version_ = (*status)->build_version;

    if (state_ != NodeState::Repairing) enter(NodeState::Connecting);
    std::function<void()> connected = [this] { note_connected(); };
    auto end = co_await filters_.run(connected);
    const auto reason = end.reason == FilterSet::End::Reason::ReadAnew ? RoundEnd::Reason::ReadAnew
                                                                       : RoundEnd::Reason::Failed;
    co_return RoundEnd{.reason = reason, .message = std::move(end.message)};
}

void NodeConnection::note_connected() {
    retries_.connected(Clock::now());
    enter(NodeState::Running);
    node_->log->info("node {}: connected, version {}", name(), build_version_.to_string());
}

/// The one place that decides whether and when there is another round.
asio::awaitable<void> NodeConnection::prepare_next_round(RoundEnd end) {
    if (end.reason == RoundEnd::Reason::Incompatible) {
        if (state_ != NodeState::Incompatible)
            node_->log->error("node {}: not read: {}", name(), end.message);
        enter(NodeState::Incompatible);
        co_await wait_for(kIncompatibleRetry);
        co_return;
    }
    const bool was_running = state_ == NodeState::Running || state_ == NodeState::Repairing;
    if (end.reason == RoundEnd::Reason::ReadAnew) {
        node_->log->warn("node {}: {}; all that it holds is read anew", name(), end.message);
        if (was_running) enter(NodeState::Repairing);
        co_return;
    }
    const auto delay = retries_.failed(Clock::now());
    if (!delay) {
        co_await give_up(std::move(end.message));
        co_return;
    }
    node_->log->warn("node {}: {} (attempt {} of {}); next in {:.1f} s", name(), end.message,
                     retries_.failures(), retries_.max_attempts(), seconds(*delay));
    if (was_running) enter(NodeState::Repairing);
    co_await wait_for(*delay);
}

asio::awaitable<void> NodeConnection::give_up(std::string message) {
    node_->log->error("node {}: {}; given up after {} attempts", name(), message, retries_.failures());
    enter(NodeState::Defunct);
    const auto pause = node_->options.defunct_retry_after;
    if (pause.count() == 0) {
        stopped_ = true;
        co_return;
    }
    co_await wait_for(pause);
    retries_.reset();
}

asio::awaitable<void> NodeConnection::wait_for(Clock::duration delay) {
    if (stopped_) co_return;
    co_await stop_signal_.wait_until(Clock::now() + delay);
}

std::optional<std::string> NodeConnection::incompatibility(const NodeStatus& status) const {
    if (!status.compatible()) {
        return fmt::format("its version {} is older than {}", status.build_version.to_string(),
                           kOldestCompatible.to_string());
    }
    auto& guard = node_->shared->guard;
    if (guard.admit(status.chainspec_name)) return std::nullopt;
    return fmt::format("it belongs to the network {}, not to {}", status.chainspec_name, guard.name());
}

void NodeConnection::enter(NodeState state) {
    if (state_ == state) return;
    state_ = state;
    status_.Set(gauge_value(state));
    if (on_state_) on_state_();
}

}  // namespace upstream
