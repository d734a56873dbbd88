#include "reading.h"

#include <boost/asio/post.hpp>
#include <chrono>
#include <fmt/format.h>

namespace upstream::testing {

using namespace std::chrono_literals;

bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

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
                              .required_network = {},
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
    boost::asio::post(context_, [this] { upstream_->stop(); });
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

}  // namespace upstream::testing
