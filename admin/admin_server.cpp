#include "admin/admin_server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "admin/authorization.h"
#include "base/named_thread.h"
#include "net/content_coding.h"
#include "net/http_counts.h"
#include "net/http_server.h"
#include "net/request_limits.h"
#include "net/router.h"

namespace admin {

namespace asio = boost::asio;

namespace {

constexpr const char* kName = "admin_server";

/// 204, or why the request goes to no row.
net::Response answer_miss(const net::RouteMiss& miss, const net::Request& request) {
    switch (miss.reason) {
        case net::RouteMiss::Reason::Options:
            return {204, {{"allow", miss.allow}}, std::string{}, false};
        case net::RouteMiss::Reason::WrongMethod:
            return net::json_refusal(
                {405, "Method not allowed; expected one of " + miss.allow, {{"allow", miss.allow}}}, request);
        case net::RouteMiss::Reason::BadEncoding:
            return net::json_refusal({400, "The path is not valid percent-encoded UTF-8", {}}, request);
        case net::RouteMiss::Reason::UnknownPath:
            break;
    }
    return net::json_refusal({404, "The admin server has no such path; its page is at /", {}}, request);
}

}  // namespace

class AdminServer::Impl {
  public:
    Impl(const Options& options, std::vector<AdminRoute> routes, base::Metrics& metrics)
        : routes_(std::move(routes)),
          router_(routes_),
          counts_(metrics, kName, routes_),
          authorization_(options.token),
          limits_({.max_concurrent_requests = options.max_concurrent_requests,
                   .max_requests_per_second = options.max_requests_per_second}) {
        require_token_for_changes(routes_);
    }

    ~Impl() { stop(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    base::Result<void> open(const Options& options, base::Log lines, base::Metrics& metrics,
                            std::shared_ptr<tls::ServerContext> tls) {
        const net::HttpServerOptions http_options{.name = kName,
                                                  .bind_address = options.bind_address,
                                                  .port = options.port,
                                                  .refuse = net::json_refusal,
                                                  .tls = std::move(tls)};
        auto handler = [this](net::Request request, std::size_t) { return serve(std::move(request)); };
        auto http =
            net::HttpServer::open(http_options, {&context_}, std::move(handler), std::move(lines), metrics);
        if (!http) return http.error();
        http_ = std::move(*http);
        return {};
    }

    void start() {
        http_->start();
        thread_ = base::named_thread("admin", [this] { context_.run(); });
    }

    /// Whoever waits for an answer of another thread is not waited for.
    void stop() {
        if (http_) http_->stop();
        way_back_->close();
        running_.reset();
        context_.stop();
        if (thread_.joinable()) thread_.join();
    }

    [[nodiscard]] std::uint16_t port() const { return http_->port(); }
    [[nodiscard]] asio::io_context& context() { return context_; }

    asio::awaitable<net::Response> answer(net::Request received) {
        const auto begun = net::HttpCounts::Clock::now();
        const auto request = std::make_shared<const net::Request>(std::move(received));
        auto found = router_.find(*request);
        auto* const match = std::get_if<net::RouteMatch>(&found);
        const auto row = match != nullptr ? match->row : routes_.size();
        net::Response response;
        if (match != nullptr) {
            auto answering = answer_row(routes_[row], request, std::move(match->parameters));
            response = co_await std::move(answering);
        } else {
            response = answer_miss(std::get<net::RouteMiss>(found), *request);
        }
        counts_.count(row, response.status, begun);
        co_return response;
    }

  private:
    asio::awaitable<net::Response> answer_row(const AdminRoute& route,
                                              std::shared_ptr<const net::Request> request,
                                              std::vector<std::string> parameters) {
        if (route.access == AdminRoute::Access::Token) {
            if (const auto refusal = authorization_.refuse(*request))
                co_return net::json_refusal(*refusal, *request);
        }
        Call call{request, std::move(parameters), way_back_};
        net::Response response = co_await respond(route, std::move(call));
        net::Response negotiated = net::negotiate(*request, std::move(response));
        co_return negotiated;
    }

    asio::awaitable<net::Answer> serve(net::Request request) {
        net::Response response = co_await answer(std::move(request));
        co_return response;
    }

    asio::awaitable<net::Response> respond(const AdminRoute& route, Call call) {
        if (route.limit == AdminRoute::Limit::Free) co_return co_await route.handler(std::move(call));
        const auto request = call.request;
        net::RequestLimits::Work work = [&route, call = std::move(call)] { return route.handler(call); };
        auto result = co_await limits_.run(std::move(work));
        if (const auto* const refusal = std::get_if<net::Refusal>(&result))
            co_return net::json_refusal(*refusal, *request);
        co_return std::get<net::Response>(std::move(result));
    }

    const std::vector<AdminRoute> routes_;
    const net::Router router_;
    net::HttpCounts counts_;
    const Authorization authorization_;
    asio::io_context context_{1};
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> running_{
        context_.get_executor()};
    const std::shared_ptr<WayBack> way_back_ = std::make_shared<WayBack>(context_);
    net::RequestLimits limits_;
    std::shared_ptr<net::HttpServer> http_;
    std::thread thread_;
};

base::Result<std::unique_ptr<AdminServer>> AdminServer::open(const Options& options,
                                                             std::vector<AdminRoute> routes, base::Log lines,
                                                             base::Metrics& metrics,
                                                             std::shared_ptr<tls::ServerContext> tls) {
    auto impl = std::make_unique<Impl>(options, std::move(routes), metrics);
    if (const auto opened = impl->open(options, std::move(lines), metrics, std::move(tls)); !opened)
        return opened.error();
    return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminServer::~AdminServer() = default;
void AdminServer::start() {
    impl_->start();
}
void AdminServer::stop() {
    impl_->stop();
}
std::uint16_t AdminServer::port() const {
    return impl_->port();
}
asio::awaitable<net::Response> AdminServer::answer(net::Request request) {
    return impl_->answer(std::move(request));
}
asio::io_context& AdminServer::context() {
    return impl_->context();
}

}  // namespace admin
