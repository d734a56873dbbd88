#include "upstream/upstream.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "upstream/node_connection.h"
#include "upstream/node_context.h"

namespace upstream {

namespace asio = boost::asio;

namespace {

void rethrow(const std::exception_ptr& exception) {
    if (exception) std::rethrow_exception(exception);
}

struct FirstProbe {
    std::shared_ptr<NodeConnection> node;
    std::optional<ProbeResult> result;

    [[nodiscard]] std::string_view network() const {
        return result && *result ? std::string_view((*result)->chainspec_name) : std::string_view{};
    }
};

}  // namespace

class Upstream::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(asio::io_context& context, std::vector<NodeOptions> options, Dependencies dependencies)
        : shared_(std::make_shared<SharedContext>(context.get_executor(), std::move(dependencies))),
          options_(std::move(options)) {}

    void start() {
        for (auto& options : options_) {
            auto node = std::make_shared<const NodeContext>(shared_, std::move(options));
            nodes_.push_back(std::make_shared<NodeConnection>(
                std::move(node), [weak = weak_from_this()] { note_state(weak); }));
        }
        const auto& needs = shared_->dependencies;
        if (needs.log_is_empty && needs.required_network.empty()) {
            probe_all();
        } else {
            for (const auto& node : nodes_) node->start(std::nullopt);
        }
    }

    void stop() {
        if (std::exchange(stopped_, true)) return;
        shared_->mailbox.close();
        for (const auto& node : nodes_) node->stop();
    }

  private:
    void probe_all() {
        for (const auto& node : nodes_) {
            if (node->state() == NodeState::Suspended) {
                node->start(std::nullopt);
            } else {
                first_probes_.push_back({.node = node, .result = std::nullopt});
            }
        }
        for (std::size_t i = 0; i < first_probes_.size(); ++i) {
            asio::co_spawn(shared_->executor, probe_first(shared_from_this(), i), rethrow);
        }
    }

    static asio::awaitable<void> probe_first(std::shared_ptr<Impl> self, std::size_t index) {
        const auto node = self->first_probes_[index].node;
        auto result = co_await node->probe();
        self->first_probes_[index].result = std::move(result);
        const auto has_result = [](const FirstProbe& probe) { return probe.result.has_value(); };
        if (!self->stopped_ && std::ranges::all_of(self->first_probes_, has_result)) self->start_probed();
    }

    void start_probed() {
        const auto probes = std::exchange(first_probes_, {});
        const FirstProbe* first = nullptr;
        for (const auto& probe : probes) {
            if (probe.network().empty()) continue;
            if (first == nullptr) first = &probe;
            if (probe.network() == first->network()) continue;
            refuse_start(*first, probe);
            return;
        }
        for (const auto& probe : probes) probe.node->start(probe.result);
    }

    void refuse_start(const FirstProbe& one, const FirstProbe& other) {
        auto error =
            base::invalid(fmt::format("the nodes belong to different networks: {} to {}, {} to {}; remove "
                                      "one of them from [[connections]], or "
                                      "name the network to read in network_name of [storage]",
                                      one.node->name(), one.network(), other.node->name(), other.network()));
        stop();
        const auto& callback = shared_->dependencies.failed_to_start;
        if (!callback) return;
        asio::post(shared_->executor, [callback, error = std::move(error)] { callback(error); });
    }

    static void note_state(const std::weak_ptr<Impl>& weak) {
        const auto self = weak.lock();
        if (!self || self->stopped_ || self->reported_unavailable_ || !self->all_unavailable()) return;
        self->reported_unavailable_ = true;
        const auto& callback = self->shared_->dependencies.all_nodes_unavailable;
        if (callback) asio::post(self->shared_->executor, callback);
    }

    [[nodiscard]] bool all_unavailable() const {
        return std::ranges::all_of(nodes_, [](const auto& node) {
            return node->state() == NodeState::Suspended || node->unavailable();
        });
    }

    std::shared_ptr<SharedContext> shared_;
    std::vector<NodeOptions> options_;
    std::vector<std::shared_ptr<NodeConnection>> nodes_;
    std::vector<FirstProbe> first_probes_;
    bool reported_unavailable_ = false;
    bool stopped_ = false;
};

Upstream::Upstream(asio::io_context& context, std::vector<NodeOptions> nodes, Dependencies dependencies)
    : impl_(std::make_shared<Impl>(context, std::move(nodes), std::move(dependencies))) {}

Upstream::~Upstream() {
    impl_->stop();
}
void Upstream::start() {
    impl_->start();
}
void Upstream::stop() {
    impl_->stop();
}

}  // namespace upstream
