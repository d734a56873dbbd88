#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "net/http_server.h"
#include "storage/event_log.h"
#include "stream/options.h"
#include "stream/publication.h"
#include "stream/replays.h"
#include "stream/shard.h"

namespace stream {

/// The `/events` endpoints: the shards, and the HTTP server that hands them their subscribers.
class StreamServer {
  public:
    /// Opens the port and fills the ring from the log. The log must outlive the server.
    [[nodiscard]] static base::Result<std::unique_ptr<StreamServer>> open(const Options& options,
                                                                          const storage::EventLog& log,
                                                                          std::string sidecar_version,
                                                                          base::Log lines,
                                                                          base::Metrics& metrics);
    ~StreamServer();
    StreamServer(const StreamServer&) = delete;
    StreamServer& operator=(const StreamServer&) = delete;

    void start();

    /// Any thread; the publications in the order of their ids.
    void publish(const PublicationPtr& publication);

    /// Accepts nobody any more.
    void close_door();

    /// Accepts nobody any more, lets the subscribers have what they are due, and ends their streams; cuts off
    /// those who did not take it within the time. Not from a shard's thread.
    void stop(std::chrono::milliseconds patience);

    [[nodiscard]] std::uint16_t port() const { return http_->port(); }

    /// Where the rings ended when it was opened: the first id that is to be published.
    [[nodiscard]] base::EventId next() const { return next_; }

  private:
    StreamServer(const Options& options, const storage::EventLog& log, std::string sidecar_version,
                 base::Log lines);

    [[nodiscard]] boost::asio::awaitable<net::Answer> answer(net::Request request, std::size_t worker);
    [[nodiscard]] boost::asio::awaitable<bool> readable(base::Endpoint endpoint);
    [[nodiscard]] Place take_place();
    [[nodiscard]] std::string greeting(const net::Request& request, const Subscription& subscription) const;

    const Options options_;
    const storage::EventLog& log_;
    const std::string feed_id_;
    base::EventId next_ = 1;
    const std::string sidecar_version_;
    const base::Log lines_;
    std::shared_ptr<std::atomic<std::uint32_t>> places_taken_;
    Replays replays_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::shared_ptr<net::HttpServer> http_;
    bool stopped_ = false;
};

}  // namespace stream
