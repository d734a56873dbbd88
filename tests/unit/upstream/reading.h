#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fake_node.h"
#include "support/process.h"
#include "upstream/upstream.h"

namespace upstream::testing {

using support::eventually;

[[nodiscard]] NodeOptions options_for(const FakeNode& node);
[[nodiscard]] std::string step(std::uint64_t era);

/// An Upstream on a thread of its own, and what comes out of it.
class Reading {
  public:
    explicit Reading(std::vector<NodeOptions> nodes, std::function<void(Dependencies&)> adjust = {},
                     std::size_t queue_bound = std::size_t{1} << 20);
    ~Reading();
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

    /// Ends it; false when the io_context did not run out of work in time.
    bool stop();

    /// Takes batches until there are so many events beside ApiVersions in all.
    [[nodiscard]] bool receive(std::size_t count);
    /// The events received but for the ApiVersions, and the ApiVersions.
    std::vector<base::Event> events;
    std::vector<base::Event> versions;
    std::vector<std::string> networks;  ///< of each batch
    [[nodiscard]] std::vector<std::uint32_t> ids(base::Filter filter = base::Filter::Main) const;

    [[nodiscard]] double status(const NodeOptions& node);
    [[nodiscard]] double errors(std::string_view description,
                                std::string_view category = "connection_manager");
    [[nodiscard]] bool reaches(const NodeOptions& node, double status);

    /// The nodes as an operator sees them.
    [[nodiscard]] std::vector<NodeReport> reports();
    /// Of the one node of this name, if there is one.
    [[nodiscard]] std::optional<NodeReport> report(const std::string& name);
    [[nodiscard]] bool reaches(const std::string& name, NodeState state);
    void give(const std::function<void(Steering&)>& commands) { commands(*upstream_); }
    /// Gives a command and waits for its answer.
    [[nodiscard]] base::Result<NodeReport> command(
        const std::function<void(Steering&, Steering::Answer)>& give);
    [[nodiscard]] base::Result<NodeReport> suspend(const std::string& name);
    [[nodiscard]] base::Result<NodeReport> resume(const std::string& name);
    [[nodiscard]] base::Result<NodeReport> remove(const std::string& name);
    [[nodiscard]] base::Result<NodeReport> add(NodeSpec spec);
    void configure(std::vector<NodeOptions> nodes) { upstream_->configure(std::move(nodes)); }

    /// What was saved and noted.
    [[nodiscard]] std::vector<NodeWish> wishes() const;
    [[nodiscard]] std::vector<NodeGap> gaps() const;
    [[nodiscard]] std::vector<NodeState> history(const std::string& name) const;

    base::Metrics metrics;
    Queue queue;
    std::atomic<int> unavailable_calls = 0;
    std::atomic<int> failed_to_start_calls = 0;
    std::string start_failure;  ///< read it after failed_to_start_calls is 1

  private:
    mutable std::mutex mutex_;  // guards the following
    std::vector<NodeWish> wishes_;
    std::vector<NodeGap> gaps_;
    std::vector<NodeTransition> transitions_;
    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
    std::unique_ptr<Upstream> upstream_;
    std::atomic<bool> ended_ = false;
    std::thread thread_;
};

}  // namespace upstream::testing
