#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "admin/readiness.h"
#include "base/metrics.h"
#include "base/recent_problems.h"
#include "net/http_message.h"
#include "storage/event_finder.h"
#include "storage/event_reader.h"
#include "upstream/steering.h"

namespace boost::asio {
class io_context;
}

namespace admin {

/// What the dashboard is made of; all outlive it. No function takes a lock that is on an event's way.
struct DashboardSources {
    std::string version;
    const storage::EventReader& log;
    const storage::EventFinder& finder;
    upstream::Steering& nodes;
    const Readiness& readiness;
    base::Metrics& metrics;
    const base::RecentProblems& problems;
    std::function<std::uint64_t()> queue_bytes;
    std::uint64_t queue_limit_bytes = 0;
    /// May look at the disk or the database; called on a thread for that. None: not known.
    std::function<std::optional<std::uint64_t>()> database_bytes;
};

/// What the page at the admin server's `/` shows: the counters of each second, kept for ten minutes, and once
/// a second a snapshot for everybody, made only while somebody looks. On the admin server's thread; blocks
/// are read on a thread of its own.
class Dashboard {
  public:
    static constexpr std::size_t kMostPages = 20;

    explicit Dashboard(DashboardSources sources);
    ~Dashboard();
    Dashboard(const Dashboard&) = delete;
    Dashboard& operator=(const Dashboard&) = delete;

    /// `context`: the admin server's, which this object must outlive.
    void start(boost::asio::io_context& context);

    /// Once the admin server's thread has ended; its context must still be there.
    void stop();

    // Requests, on the admin server's thread, after start():

    /// The snapshot as JSON, at most a second old.
    [[nodiscard]] boost::asio::awaitable<net::Response> state();

    /// The page's stream: the history, then each snapshot. 503 when kMostPages are open.
    [[nodiscard]] net::Response events(const net::Request& request);

  private:
    class Impl;
    const std::unique_ptr<Impl> impl_;
};

}  // namespace admin
