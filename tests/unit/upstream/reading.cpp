#include "reading.h"

#include <boost/asio/post.hpp>
#include <chrono>
#include <fmt/format.h>
#include <future>
#include <memory>

namespace upstream::testing {

using namespace std::chrono_literals;

NodeOptions options_for(const FakeNode& node) {
    NodeOptions options;
    options.ip_address = "127.0.0.1";
    options.sse_port = node.port();
    options.rest_port = node.port();
    options.name = fmt::format("127.0.0.1:{}", node.port());
    options.max_attempts = 100;
    options.delay_between_retries = 0s;
    options.connection_timeout = 5s;
    return options;
}

std::string step(std::uint64_t era) {
    return fmt::format(R"({{"Step":{{"era_id":{},"execution_effect":{{}}}}}})", era);
}

Reading::Reading(std::vector<NodeOptions> nodes, std::function<void(Dependencies&)> adjust,
                 std::size_t queue_bound)
    : queue(queue_bound) {
    Dependencies dependencies{.log = base::make_null_log(),
                              .metrics = metrics,
                              .queue = queue,
                              .stage_payload = {},
                              .resume = {},
                              .instance_name = "sidecar",
                              .required_network = {},
                              .wishes = {},
                              .save_wish =
                                  [this](const NodeWish& wish, const std::function<void()>& done) {
                                      {
                                          const std::lock_guard lock(mutex_);
                                          wishes_.push_back(wish);
                                      }
                                      done();
                                  },
                              .save_gap =
                                  [this](const NodeGap& gap, const std::function<void()>& done) {
                                      {
                                          const std::lock_guard lock(mutex_);
                                          gaps_.push_back(gap);
                                      }
                                      done();
                                  },
                              .note =
                                  [this](const NodeTransition& transition) {
                                      const std::lock_guard lock(mutex_);
                                      transitions_.push_back(transition);
                                  },
                              .all_nodes_unavailable = [this] { ++unavailable_calls; },
                              .failed_to_start =
                                  [this](const base::Error& error) {
                                      start_failure = error.message;
                                      ++failed_to_start_calls;
                                  }};
    if (adjust) adjust(dependencies);
    upstream_ = std::make_unique<Upstream>(context_, std::move(nodes), std::move(dependencies));
    boost::asio::post(context_, [this] { upstream_->start(); });
    thread_ = std::thread([this] {
        context_.run();
        ended_ = true;
    });
}

Reading::~Reading() {
    stop();
    thread_.join();
}

bool Reading::stop() {
    boost::asio::post(context_, [this] {
        upstream_->stop();
        work_.reset();
    });
    return eventually([this] { return ended_.load(); });
}

bool Reading::receive(std::size_t count) {
    return eventually([&] {
        if (events.size() >= count) return true;
        for (auto& batch : queue.take_all(10ms)) {
            networks.push_back(batch.network_name);
            for (auto& event : batch.events) {
                (event.kind == base::Kind::ApiVersion ? versions : events).push_back(std::move(event));
            }
        }
        return events.size() >= count;
    });
}

std::vector<std::uint32_t> Reading::ids(base::Filter filter) const {
    std::vector<std::uint32_t> found;
    for (const auto& event : events) {
        if (event.filter == filter) found.push_back(event.position.event_id);
    }
    return found;
}

double Reading::status(const NodeOptions& node) {
    return metrics.node_status(fmt::format("{}:{}", node.ip_address, node.sse_port)).Value();
}

double Reading::errors(std::string_view description, std::string_view category) {
    return metrics.error(category, description).Value();
}

bool Reading::reaches(const NodeOptions& node, double status_value) {
    return eventually([&] { return status(node) == status_value; });
}

std::vector<NodeReport> Reading::reports() {
    const auto promise = std::make_shared<std::promise<std::vector<NodeReport>>>();
    auto answer = promise->get_future();
    upstream_->report([promise](std::vector<NodeReport> reports) { promise->set_value(std::move(reports)); });
    if (answer.wait_for(10s) != std::future_status::ready) return {};
    return answer.get();
}

std::optional<NodeReport> Reading::report(const std::string& name) {
    for (auto& report : reports()) {
        if (report.name == name) return report;
    }
    return std::nullopt;
}

bool Reading::reaches(const std::string& name, NodeState state) {
    return eventually([&] {
        const auto found = report(name);
        return found && found->state == state;
    });
}

base::Result<NodeReport> Reading::command(const std::function<void(Steering&, Steering::Answer)>& give) {
    const auto promise = std::make_shared<std::promise<base::Result<NodeReport>>>();
    auto answer = promise->get_future();
    give(*upstream_, [promise](const base::Result<NodeReport>& report) { promise->set_value(report); });
    if (answer.wait_for(10s) != std::future_status::ready) return base::unavailable("no answer");
    return answer.get();
}

base::Result<NodeReport> Reading::suspend(const std::string& name) {
    return command([&](Steering& nodes, Steering::Answer answer) { nodes.suspend(name, std::move(answer)); });
}

base::Result<NodeReport> Reading::resume(const std::string& name) {
    return command([&](Steering& nodes, Steering::Answer answer) { nodes.resume(name, std::move(answer)); });
}

base::Result<NodeReport> Reading::remove(const std::string& name) {
    return command([&](Steering& nodes, Steering::Answer answer) { nodes.remove(name, std::move(answer)); });
}

base::Result<NodeReport> Reading::add(NodeSpec spec) {
    return command([&](Steering& nodes, Steering::Answer answer) { nodes.add(spec, std::move(answer)); });
}

std::vector<NodeGap> Reading::gaps() const {
    const std::lock_guard lock(mutex_);
    return gaps_;
}

std::vector<NodeWish> Reading::wishes() const {
    const std::lock_guard lock(mutex_);
    return wishes_;
}

std::vector<NodeState> Reading::history(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    std::vector<NodeState> states;
    for (const auto& transition : transitions_) {
        if (transition.node == name) states.push_back(transition.to);
    }
    return states;
}

}  // namespace upstream::testing
