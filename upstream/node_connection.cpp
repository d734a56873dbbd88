#include "upstream/node_connection.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <fmt/format.h>
#include <random>
#include <utility>

#include "base/rethrow.h"
#include "upstream/natural_key.h"

namespace upstream {

namespace asio = boost::asio;

namespace {

RetryPolicy::Random make_random() {
    return [engine = std::minstd_rand(std::random_device{}())]() mutable {
        return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
    };
}

double seconds(std::chrono::milliseconds delay) {
    return std::chrono::duration<double>(delay).count();
}

std::chrono::system_clock::time_point to_system(std::chrono::steady_clock::time_point when) {
    const auto ahead = when - std::chrono::steady_clock::now();
    return std::chrono::system_clock::now() +
           std::chrono::duration_cast<std::chrono::system_clock::duration>(ahead);
}

}  // namespace

NodeConnection::NodeConnection(std::shared_ptr<SharedContext> shared, const NodeSpec& spec,
                               std::function<void()> on_transition)
    : shared_(std::move(shared)),
      node_(std::make_shared<const NodeContext>(shared_, spec.options)),
      on_transition_(std::move(on_transition)),
      wake_(shared_->executor),
      lifecycle_(spec.options, spec.suspended, make_random(),
                 [this](const NodeLifecycle::Transition& transition) { this->on_transition(transition); }),
      since_(std::chrono::system_clock::now()),
      configured_(node_) {
    status_gauge().Set(lifecycle_.gauge());
    if (!spec.suspended) shared_->gate.expect(name());
}

void NodeConnection::start() {
    if (suspended()) node_->log->info("node {}: suspended, not connected until it is resumed", name());
    asio::co_spawn(shared_->executor, run(shared_from_this()), base::rethrow);
}

void NodeConnection::stop() {
    stopped_ = true;
    on_transition_ = nullptr;
    interrupt();
}

void NodeConnection::interrupt() {
    interrupted_ = true;
    if (probe_connection_) probe_connection_->close();
    if (filters_) filters_->stop();
    wake_.notify();
}

void NodeConnection::suspend() {
    lifecycle_.suspend();
    shared_->gate.withdraw(name());
    interrupt();
}

void NodeConnection::resume() {
    lifecycle_.resume();
    wake_.notify();
}

void NodeConnection::remove() {
    lifecycle_.remove();
    shared_->gate.withdraw(name());
    interrupt();
}

void NodeConnection::reconfigure(const NodeOptions& options) {
    configured_ = std::make_shared<const NodeContext>(shared_, options);
    lifecycle_.reconfigure(options);
    interrupt();
}

bool NodeConnection::suspended() const {
    return state() == NodeState::Suspended || state() == NodeState::Suspending;
}

bool NodeConnection::deleted() const {
    return state() == NodeState::Deleted || state() == NodeState::Deleting;
}

asio::awaitable<void> NodeConnection::run(std::shared_ptr<NodeConnection> self) {
    while (!self->stopped_) {
        const auto work = self->lifecycle_.work();
        if (work == NodeLifecycle::Work::End) co_return;
        self->interrupted_ = false;
        co_await self->do_work(work);
    }
}

asio::awaitable<void> NodeConnection::do_work(NodeLifecycle::Work work) {
    using Work = NodeLifecycle::Work;
    switch (work) {
        case Work::Attempt:
            co_await attempt();
            break;
        case Work::Look: {
            const bool compatible = co_await find_compatible();
            if (compatible && !interrupted_) lifecycle_.probed();
            break;
        }
        case Work::Close:
            // Every piece of work closes what it opened before it ends.
            prepare_filters();
            lifecycle_.closed();
            break;
        case Work::Wait: {
            const auto until = lifecycle_.wake_at();
            co_await wake_.wait_until(until);
            if (!interrupted_ && Clock::now() >= until) lifecycle_.time_passed();
            break;
        }
        case Work::Rest:
            co_await wake_.wait();
            break;
        case Work::End:
            break;
    }
}

asio::awaitable<void> NodeConnection::attempt() {
    const bool compatible = co_await find_compatible();
    if (!compatible || interrupted_) co_return;
    lifecycle_.probed();
    co_await read();
}

/// Tells the lifecycle why, if it is not.
asio::awaitable<bool> NodeConnection::find_compatible() {
    prepare_filters();
    const auto status = co_await probe();
    if (interrupted_) co_return false;
    if (!status) {
        const bool reached = status.error().reason != ProbeError::Reason::Unreachable;
        shared_->gate.report(name(), {});
        lifecycle_.failed(reached ? NodeCause::BadStatus : NodeCause::Unreachable, status.error().message,
                          Clock::now());
        co_return false;
    }
    status_ = *status;
    if (!status_.compatible()) {
        shared_->gate.report(name(), {});
        lifecycle_.incompatible(NodeCause::TooOld,
                                fmt::format("its version {} is older than {}",
                                            status_.build_version.to_string(), kOldestCompatible.to_string()),
                                Clock::now());
        co_return false;
    }
    co_await pass_gate(status_.chainspec_name);
    if (interrupted_) co_return false;
    if (shared_->guard.admit(status_.chainspec_name)) co_return true;
    lifecycle_.incompatible(
        NodeCause::OtherNetwork,
        fmt::format("it belongs to the network {}, not to {}", status_.chainspec_name, shared_->guard.name()),
        Clock::now());
    co_return false;
}

asio::awaitable<ProbeResult> NodeConnection::probe() {
    probe_connection_ = std::make_shared<TcpConnection>(shared_->executor, node_->tls());
    const auto address = node_->rest_address();
    auto result = co_await probe_status(probe_connection_, address, node_->options.connection_timeout);
    probe_connection_.reset();
    if (!result && !interrupted_ && !result.error().metric().empty()) {
        auto& metrics = shared_->dependencies.metrics;
        metrics.error("fetching_build_version_for_node", result.error().metric()).Increment();
    }
    co_return result;
}

asio::awaitable<void> NodeConnection::pass_gate(const std::string& network) {
    shared_->gate.report(name(), network);
    if (!shared_->gate.is_open()) {
        node_->log->info("node {}: waits until every node has told its network, as the log is empty", name());
    }
    while (!shared_->gate.is_open() && !interrupted_) co_await wake_.wait();
}

asio::awaitable<void> NodeConnection::read() {
    std::function<void()> connected = [this] { lifecycle_.connected(Clock::now()); };
    auto identity =
        node_identity(status_.our_public_signing_key, shared_->dependencies.instance_name, name());
    auto end = co_await filters_->run(std::move(identity), std::move(connected));
    if (interrupted_) co_return;
    if (reads_anew(end.cause)) {
        lifecycle_.read_anew(end.cause, end.message + "; all that it holds is read anew", Clock::now());
    } else {
        lifecycle_.failed(end.cause, std::move(end.message), Clock::now());
    }
}

/// Between two pieces of work, when nothing is open.
void NodeConnection::prepare_filters() {
    if (filters_ && configured_ == node_) return;
    auto memory = filters_ ? filters_->memory() : FilterSet::stored_memory(*configured_);
    const auto label_before = gauge_label();
    node_ = configured_;
    if (gauge_label() != label_before) {
        shared_->dependencies.metrics.remove_node_status(label_before);
        shared_->peers.forget(name());
    }
    status_gauge().Set(lifecycle_.gauge());
    filters_ = std::make_unique<FilterSet>(node_, std::move(memory), make_random());
}

void NodeConnection::on_transition(const NodeLifecycle::Transition& transition) {
    if (stopped_) return;
    since_ = std::chrono::system_clock::now();
    log(transition);
    if (transition.to == NodeState::Deleted) {
        remove_metrics();
        remember_positions();
        shared_->peers.forget(name());
    } else {
        status_gauge().Set(lifecycle_.gauge());
    }
    if (const auto& note = shared_->dependencies.note) {
        note({.node = name(),
              .at = since_,
              .from = transition.from,
              .to = transition.to,
              .cause = transition.cause,
              .message = transition.message,
              .attempt = transition.attempt,
              .height = shared_->peers.height(name()),
              .build_version = status_.known() ? status_.build_version.to_string() : std::string(),
              .network_name = status_.chainspec_name});
    }
    if (on_transition_) on_transition_();
}

void NodeConnection::log(const NodeLifecycle::Transition& transition) const {
    const auto& lines = node_->log;
    switch (transition.to) {
        case NodeState::Running:
            lines->info("node {}: connected, version {}", name(), status_.build_version.to_string());
            return;
        case NodeState::Incompatible:
            lines->error("node {}: not read: {}; looked at again every {} s", name(), transition.message,
                         NodeLifecycle::kIncompatibleRetry.count());
            return;
        case NodeState::Repairing:
            if (reads_anew(transition.cause)) {
                lines->warn("node {}: {}", name(), transition.message);
                return;
            }
            lines->warn("node {}: {} (attempt {} of {}); next in {:.1f} s", name(), transition.message,
                        transition.attempt, lifecycle_.max_attempts(), seconds(transition.delay));
            return;
        case NodeState::Defunct:
            lines->error("node {}: given up after {} attempts in a row: {}", name(), transition.attempt,
                         transition.message);
            return;
        case NodeState::Suspended:
        case NodeState::Deleted:
        case NodeState::Restarting:
            lines->info("node {}: {} ({})", name(), name_of(transition.to), name_of(transition.cause));
            return;
        default:
            lines->debug("node {}: {} ({})", name(), name_of(transition.to), name_of(transition.cause));
    }
}

std::string NodeConnection::gauge_label() const {
    return fmt::format("{}:{}", node_->options.ip_address, node_->options.sse_port);
}

base::Gauge& NodeConnection::status_gauge() const {
    return shared_->dependencies.metrics.node_status(gauge_label());
}

void NodeConnection::remove_metrics() {
    auto& metrics = shared_->dependencies.metrics;
    metrics.remove_node_status(gauge_label());
    for (const auto filter : base::kNodeFilters) metrics.remove_node_gap(name(), base::filter_name(filter));
}

/// For the case that the node is added again.
void NodeConnection::remember_positions() {
    if (!filters_) return;
    const auto cursors = filters_->cursors();
    for (std::size_t i = 0; i < cursors.size(); ++i) {
        const std::pair key{name(), base::kNodeFilters[i]};
        auto& resume = shared_->dependencies.resume;
        if (const auto& point = cursors[i].committed()) {
            resume[key] = *point;
        } else {
            resume.erase(key);
        }
    }
}

NodeReport NodeConnection::report() const {
    const auto& peers = shared_->peers;
    const auto now = Clock::now();
    NodeReport report;
    report.name = name();
    report.ip_address = options().ip_address;
    report.sse_port = options().sse_port;
    report.rest_port = options().rest_port;
    report.state = lifecycle_.state();
    report.from = lifecycle_.from();
    report.cause = lifecycle_.cause();
    report.message = lifecycle_.message();
    report.since = since_;
    report.attempt = lifecycle_.failures();
    report.max_attempts = lifecycle_.max_attempts();
    if (const auto next = lifecycle_.next_attempt()) report.next_attempt = to_system(*next);
    report.last_error = lifecycle_.last_error();
    report.height = peers.height(name());
    report.blocks_behind = peers.blocks_behind(name());
    if (status_.known()) report.build_version = status_.build_version.to_string();
    report.network_name = status_.chainspec_name;
    report.gaps = shared_->gaps.of(name());
    const bool running = state() == NodeState::Running;
    if (filters_) report.connected = filters_->connected();
    for (const bool endpoint : report.connected) report.partial = report.partial || (running && !endpoint);
    report.lagging = running && peers.lagging(name());
    report.stalled = running && peers.stalled(name(), node_->options.no_message_timeout, now);
    return report;
}

}  // namespace upstream
