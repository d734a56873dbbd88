#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "net/http_server.h"
#include "sim/fault.h"
#include "sim/feed.h"
#include "sim/status_page.h"
#include "sim/subscriber.h"

namespace sim {

struct NodeOptions {
    std::size_t index = 0;
    std::string bind_address = "127.0.0.1";
    std::uint16_t rest_port = 0;  ///< 0: any free one
    std::uint16_t sse_port = 0;
    std::size_t buffer = 5000;
    std::uint32_t first_id = 0;
    std::chrono::milliseconds keep_alive{15'000};
    bool until_close = false;
    std::shared_ptr<tls::ServerContext> tls;  ///< of both ports; none: plain HTTP
    StatusFacts status;                       ///< its last_block and uptime are filled in when asked for
};

/// One simulated node: its two ports, its ids and buffer, its subscribers, and what is wrong with it. Lives
/// on one io_context that one thread runs, and must not outlive it.
class Node {
  public:
    using ByFilter = std::array<std::uint64_t, base::kNodeFilterCount>;

    Node(boost::asio::io_context& context, NodeOptions options, base::Log log, base::Metrics& metrics);
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// Opens both ports; from then on they keep their numbers, also where any free one was asked for.
    [[nodiscard]] base::Result<void> listen();

    /// Takes an event into the buffer; subscribers learn of it at wake().
    void deliver(const EventPtr& event);
    void wake();

    void apply(const Fault& fault);

    [[nodiscard]] std::uint16_t sse_port() const { return options_.sse_port; }
    [[nodiscard]] std::uint16_t rest_port() const { return options_.rest_port; }
    [[nodiscard]] bool listening() const { return sse_server_ != nullptr; }
    [[nodiscard]] bool silent() const;
    [[nodiscard]] bool drained() const;
    [[nodiscard]] const Feed& feed() const { return *feed_; }
    [[nodiscard]] ByFilter subscribers() const;
    /// How many streams were ever opened.
    [[nodiscard]] const ByFilter& subscriptions() const { return subscriptions_; }

  private:
    /// A state that a fault begins and that ends after a time or by `resume`, unless it was begun anew
    /// meanwhile.
    enum class Condition : std::uint8_t { Away, Silent, Answer, Status };
    static constexpr std::size_t kConditions = 4;

    [[nodiscard]] base::Result<std::shared_ptr<net::HttpServer>> open(std::uint16_t port,
                                                                      net::Handler handler) const;
    void stop_listening();
    void come_back();
    void end_after(Condition condition, std::optional<std::chrono::nanoseconds> duration);
    void end(Condition condition);

    [[nodiscard]] net::Answer answer_rest(const net::Request& request) const;
    [[nodiscard]] net::Answer answer_sse(const net::Request& request);
    [[nodiscard]] net::Answer subscribe(const net::Request& request, base::Filter filter,
                                        std::optional<std::uint32_t> start_from);

    void go_silent(const Fault& fault);
    void go_away(const Fault& fault);
    void restart(const Fault& fault);
    void shut_down(const Fault& fault);
    void answer_errors(const Fault& fault);
    void misreport(const Fault& fault);
    void raise_version(const std::string& version);
    void malform(const Fault& fault);
    void forget();
    template <class Action>
    void each_subscriber(const Fault& fault, Action action);

    boost::asio::io_context& context_;
    NodeOptions options_;
    base::Log log_;
    base::Metrics& metrics_;
    std::shared_ptr<Feed> feed_;
    std::shared_ptr<net::HttpServer> rest_server_;
    std::shared_ptr<net::HttpServer> sse_server_;
    std::vector<std::shared_ptr<Subscriber>> subscribers_;
    ByFilter subscriptions_{};
    std::array<bool, base::kNodeFilterCount> has_news_{};
    std::array<unsigned, base::kNodeFilterCount> error_status_{};  ///< 0: none
    std::string told_network_;                                     ///< empty: the true one
    std::string told_version_;
    std::array<std::uint64_t, kConditions> begun_{};
    std::optional<Fault> to_forget_;  ///< what a restart forgets, when the node comes back
    boost::asio::steady_timer reopen_timer_;
    std::chrono::steady_clock::time_point started_;
};

}  // namespace sim
