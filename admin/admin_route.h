#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin/way_back.h"
#include "net/http_message.h"
#include "net/router.h"

namespace admin {

/// A request that found its route.
struct Call {
    std::shared_ptr<const net::Request> request;
    std::vector<std::string> parameters;  ///< of the path, decoded
    std::shared_ptr<WayBack> way_back;  ///< to the admin server's thread, for what others answer: reply_of()
};

/// Runs on the admin server's thread and must not block it. Cancelled when the client goes away.
using RouteHandler = std::function<boost::asio::awaitable<net::Response>(Call call)>;

/// One row of the admin server's table.
struct AdminRoute : net::Route {
    /// Whether the request counts against max_concurrent_requests and max_requests_per_second. Health and
    /// what the dashboard is made of do not: neither a load balancer nor a page with a scraper beside it may
    /// be refused. Nor does what needs the token: no reader may keep an operator waiting.
    enum class Limit { Counted, Free };
    /// Who may ask: everybody, or who has the token. Whatever changes something asks for the token.
    enum class Access { Open, Token };

    Limit limit = Limit::Counted;
    Access access = Access::Open;
    RouteHandler handler;
};

/// Throws std::logic_error for a row that could change something without the token: every one with another
/// method than GET.
void require_token_for_changes(const std::vector<AdminRoute>& routes);

}  // namespace admin
