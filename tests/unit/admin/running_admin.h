#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/admin_server.h"
#include "support/http_call.h"

namespace admin_test {

using support::Got;

inline constexpr std::string_view kToken = "Authorization: Bearer secret\r\n";
inline constexpr std::string_view kJson = "Content-Type: application/json\r\n";

/// An admin server with its thread, on a free port.
class RunningAdmin {
  public:
    /// Empty token: changes are off. `prepare` is called before the thread runs.
    explicit RunningAdmin(std::vector<admin::AdminRoute> routes, std::string token = "secret",
                          const std::function<void(boost::asio::io_context&)>& prepare = {}) {
        const admin::Options options{.bind_address = "127.0.0.1",
                                     .port = 0,
                                     .max_concurrent_requests = 100,
                                     .max_requests_per_second = 10'000,
                                     .token = std::move(token)};
        server_ = std::move(
            admin::AdminServer::open(options, std::move(routes), base::make_null_log(), metrics_, {})
                .value());
        if (prepare) prepare(server_->context());
        server_->start();
    }

    [[nodiscard]] Got get(std::string_view target, std::string_view headers = {}) const {
        return support::call(server_->port(), "GET", target, headers);
    }
    /// With the token.
    [[nodiscard]] Got change(std::string_view method, std::string_view target, std::string_view body = {},
                             std::string_view headers = {}) const {
        return support::call(server_->port(), method, target, std::string(kToken) + std::string(headers),
                             body);
    }
    [[nodiscard]] std::uint16_t port() const { return server_->port(); }
    [[nodiscard]] admin::AdminServer& server() { return *server_; }

  private:
    base::Metrics metrics_;
    std::unique_ptr<admin::AdminServer> server_;
};

}  // namespace admin_test
