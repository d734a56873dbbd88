#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "net/client_address.h"
#include "net/http_counts.h"
#include "net/http_server.h"
#include "storage/event_log.h"
#include "stream/options.h"
#include "stream/places.h"
#include "stream/publication.h"
#include "stream/replays.h"
#include "stream/shard.h"

namespace stream {

/// The `/events` endpoints: the shards, and the HTTP server that hands them their subscribers.
class StreamServer {
  public:
    /// Opens the port and fills the ring from the log. The log must outlive the server. `tls`: none for
    /// plain HTTP.
    [[nodiscard]] static base::Result<std::unique_ptr<StreamServer>> open(
        const Options& options, const storage::EventLog& log, std::string sidecar_version, base::Log lines,
        base::Metrics& metrics, std::shared_ptr<tls::ServerContext> tls = {});
    ~StreamServer();
    StreamServer(const StreamServer&) = delete;
    StreamServer& operator=(const StreamServer&) = delete;

    void start();

    /// Any thread; the publications in the order of their ids.
    void publish(const PublicationPtr& publication);

    /// Every stream as it is now, by id. Any thread; `done` runs on a shard's thread, or never, when the
    /// server is stopped before.
    void report(std::function<void(SubscriberReports)> done);

    /// Ends one stream; `done`, as that of report(), hears whether there is such a stream.
    void close(SubscriberId id, std::function<void(bool found)> done);

    /// Lets nobody in (503) and ends the streams one after the other, evenly over this time, each properly
    /// and after what it is due; while the rest of the sidecar goes on. Who takes nothing ends by
    /// `subscriber_write_timeout`. Begins anew when it is under way. Any thread.
    void drain(std::chrono::seconds over);
    /// Subscribers are let in again. Any thread.
    void end_drain();

    struct Drain {
        std::chrono::system_clock::time_point since;
        std::chrono::seconds over{0};
    };
    /// None: subscribers are let in. Any thread.
    [[nodiscard]] std::optional<Drain> drain_under_way() const;
    /// Places that are taken. Any thread.
    [[nodiscard]] std::uint32_t subscribers() const { return places_.taken(); }

    /// Accepts nobody any more.
    void close_door();

    /// Accepts nobody any more, lets the subscribers have what they are due, and ends their streams; cuts off
    /// those who did not take it within the time. Not from a shard's thread.
    void stop(std::chrono::milliseconds patience);

    [[nodiscard]] std::uint16_t port() const { return http_->port(); }

    /// Those of its threads, for a look whether they turn.
    [[nodiscard]] std::vector<boost::asio::io_context*> contexts() const;

    /// What all subscribers of an endpoint were sent. Any thread, as the following three; none takes a lock.
    [[nodiscard]] ShardCounts::Delivered delivered(base::Endpoint endpoint) const;
    /// Of one of the rings; all hold the same, or will in a moment, and share the events.
    [[nodiscard]] ShardCounts::RingState ring() const;
    /// How often a subscriber was served from storage.
    [[nodiscard]] std::uint64_t replay_count() const;
    [[nodiscard]] const Replays& replays() const { return replays_; }

    /// Where the rings ended when it was opened: the first id that is to be published.
    [[nodiscard]] base::EventId next() const { return next_; }

  private:
    StreamServer(const Options& options, const storage::EventLog& log, std::string sidecar_version,
                 base::Log lines);

    [[nodiscard]] boost::asio::awaitable<net::Answer> answer(net::Request request, std::size_t worker);
    [[nodiscard]] boost::asio::awaitable<net::Answer> decide(net::Request request, Shard& shard);
    [[nodiscard]] boost::asio::awaitable<bool> readable();
    [[nodiscard]] Greeting greeting(const net::Request& request, const Subscription& subscription) const;

    const Options options_;
    const storage::EventLog& log_;
    const std::string feed_id_;
    base::EventId next_ = 1;
    const std::string sidecar_version_;
    const base::Log lines_;
    const net::TrustedProxies trusted_proxies_;
    Places places_;
    std::atomic<bool> draining_ = false;  ///< for the shards' quick look
    mutable std::mutex drain_mutex_;
    std::optional<Drain> drain_;
    Replays replays_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::vector<net::HttpCounts> http_counts_;  ///< of each shard's thread
    std::shared_ptr<net::HttpServer> http_;
    bool stopped_ = false;
};

}  // namespace stream
