#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "admin/admin_route.h"
#include "admin/options.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"

namespace boost::asio {
class io_context;
}
namespace tls {
class ServerContext;
}

namespace admin {

/// The admin server: metrics, health, control and the dashboard, each a few rows of its table. One thread of
/// its own, so that it answers whatever else is busy. Errors are {"code":…,"message":…}.
class AdminServer {
  public:
    /// Opens the port. What the handlers of `routes` refer to must outlive the server. `tls`: none for plain
    /// HTTP. Throws std::logic_error for a route that could change something without the token.
    [[nodiscard]] static base::Result<std::unique_ptr<AdminServer>> open(
        const Options& options, std::vector<AdminRoute> routes, base::Log lines, base::Metrics& metrics,
        std::shared_ptr<tls::ServerContext> tls);
    ~AdminServer();
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;

    void start();

    /// Ends every connection and the thread. Not from that thread.
    void stop();

    [[nodiscard]] std::uint16_t port() const;

    /// What a request gets, whatever brought it. That thread only.
    [[nodiscard]] boost::asio::awaitable<net::Response> answer(net::Request request);

    /// That of its thread, for a look whether it turns.
    [[nodiscard]] boost::asio::io_context& context();

  private:
    class Impl;
    explicit AdminServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace admin
