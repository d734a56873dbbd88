#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/log.h"
#include "net/http_message.h"
#include "net/request_limits.h"
#include "rest/large_payloads.h"
#include "rest/lookups.h"
#include "rest/source.h"

namespace rest {

/// Answers requests for the rows of the table, within the limits. What looks at a few rows of a file is done
/// at once, anything else by a thread of the pool. One thread only, that of the limits. Everything given must
/// outlive it, and the bodies that it makes.
class QueryService {
  public:
    QueryService(Source::Place place, const Lookups& lookups, LargePayloads& payloads,
                 net::RequestLimits& limits, boost::asio::thread_pool& pool, base::Log lines);

    /// Refusals are answers, too; compression is left to net::negotiate().
    [[nodiscard]] boost::asio::awaitable<net::Response> answer(std::shared_ptr<const net::Request> request,
                                                               const RouteRow& route,
                                                               std::vector<std::string> path_parameters);

  private:
    struct Task;
    struct Failure;
    using Found = std::variant<Content, Failure>;

    [[nodiscard]] boost::asio::awaitable<net::Response> answer_at_once(std::shared_ptr<const Task> task);
    [[nodiscard]] boost::asio::awaitable<net::Response> look_up(std::shared_ptr<const Task> task);
    [[nodiscard]] boost::asio::awaitable<net::Response> respond_with_large(Content content,
                                                                           std::shared_ptr<const Task> task);
    [[nodiscard]] static bool wants_large(const Found& found, const Task& task);
    [[nodiscard]] Found find(const Task& task) const;
    [[nodiscard]] Found with_first_large(Content content) const;
    [[nodiscard]] net::Response respond(Found found, const Task& task);
    void complain(const base::Error& error);

    const Source::Place place_;
    const Lookups& lookups_;
    LargePayloads& payloads_;
    net::RequestLimits& limits_;
    boost::asio::thread_pool& pool_;
    const base::Log lines_;
    base::LogLimiter complaints_;
};

}  // namespace rest
