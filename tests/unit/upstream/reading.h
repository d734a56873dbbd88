#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fake_node.h"
#include "upstream/upstream.h"

namespace upstream::testing {

/// True as soon as the condition holds; false when it does not within ten seconds.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

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

    base::Metrics metrics;
    Queue queue;
    std::atomic<int> unavailable_calls = 0;
    std::atomic<int> failed_to_start_calls = 0;
    std::string start_failure;  ///< read it after failed_to_start_calls is 1

  private:
    boost::asio::io_context context_;
    std::unique_ptr<Upstream> upstream_;
    std::atomic<bool> ended_ = false;
    std::thread thread_;
};

}  // namespace upstream::testing
