#include "rest/rest_server.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/named_thread.h"
#include "net/content_coding.h"
#include "net/cors.h"
#include "net/http_counts.h"
#include "net/http_server.h"
#include "net/request_limits.h"
#include "net/router.h"
#include "rest/large_payloads.h"
#include "rest/lookups.h"
#include "rest/openapi.h"
#include "rest/pages.h"
#include "rest/query_service.h"
#include "rest/refusals.h"
#include "rest/routes.h"

namespace rest {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMostReaders = 4;
constexpr net::CorsPolicy kCors{.request_headers = "If-None-Match", .exposed_headers = "ETag, Retry-After"};

constexpr std::string_view kSwaggerFolder = "/swagger-ui";
constexpr net::Route kApiDocument{"GET", "/api-doc.json"};
constexpr net::Route kSwaggerPage{"GET", kSwaggerFolder};
constexpr net::Route kSwaggerFile{"GET", "/swagger-ui/{file}"};

/// The queries' routes, then the pages.
std::vector<net::Route> all_routes() {
    std::vector<net::Route> all(routes().begin(), routes().end());
    for (const auto& page : {kApiDocument, kSwaggerPage, kSwaggerFile}) all.push_back(page);
    return all;
}

net::Response refuse(const net::Refusal& refusal, const net::Request& request) {
    auto response = net::json_refusal(refusal, request);
    net::add_cors(request, kCors, response.headers);
    return response;
}

net::Response answer_miss(const net::RouteMiss& miss, const net::Request& request) {
    switch (miss.reason) {
        case net::RouteMiss::Reason::Options:
            return net::options_response(request, kCors, miss.allow);
        case net::RouteMiss::Reason::WrongMethod:
            return refuse({405, "Method not allowed; expected one of " + miss.allow, {{"allow", miss.allow}}},
                          request);
        case net::RouteMiss::Reason::UnknownPath:
        case net::RouteMiss::Reason::BadEncoding:
            break;
    }
    return refuse(invalid_path(), request);
}

net::HttpServerOptions http_options(const Options& options, std::shared_ptr<tls::ServerContext> tls) {
    return {.name = "rest_server",
            .bind_address = options.bind_address,
            .port = options.port,
            .refuse = refuse,
            .tls = std::move(tls)};
}

}  // namespace

class RestServer::Impl {
  public:
    Impl(const Options& options, const Source& source, const std::string& sidecar_version,
         const base::Log& lines, base::Metrics& metrics)
        : counts_(metrics, "rest_server", routes_),
          lookups_(source.finder, source.log, sidecar_version),
          payloads_(source.finder),
          readers_(std::min<std::size_t>(options.max_concurrent_requests, kMostReaders)),
          limits_({.max_concurrent_requests = options.max_concurrent_requests,
                   .max_requests_per_second = options.max_requests_per_second,
                   .request_timeout = options.request_timeout}),
          queries_(source.place, lookups_, payloads_, limits_, readers_, lines),
          pages_(openapi_document(sidecar_version)) {}

    ~Impl() { stop(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    base::Result<void> open(const Options& options, base::Log lines, base::Metrics& metrics,
                            std::shared_ptr<tls::ServerContext> tls) {
        auto handler = [this](net::Request request, std::size_t) { return answer(std::move(request)); };
        auto http = net::HttpServer::open(http_options(options, std::move(tls)), {&context_},
                                          std::move(handler), std::move(lines), metrics);
        if (!http) return http.error();
        http_ = std::move(*http);
        return {};
    }

    void start() {
        http_->start();
        thread_ = base::named_thread("rest", [this] { context_.run(); });
    }

    /// The context ends by itself when the last connection has.
    void stop() {
        if (http_) http_->stop();
        running_.reset();
        if (thread_.joinable()) thread_.join();
        readers_.join();
    }

    [[nodiscard]] std::uint16_t port() const { return http_->port(); }
    [[nodiscard]] asio::io_context& context() { return context_; }

  private:
    asio::awaitable<net::Answer> answer(net::Request received) {
        const auto begun = net::HttpCounts::Clock::now();
        const auto request = std::make_shared<const net::Request>(std::move(received));
        const auto found = router_.find(*request);
        const auto* const match = std::get_if<net::RouteMatch>(&found);
        net::Response response;
        if (match != nullptr) {
            auto answering = respond(request, *match);
            response = co_await std::move(answering);
        } else {
            response = answer_miss(std::get<net::RouteMiss>(found), *request);
        }
        counts_.count(match != nullptr ? match->row : routes_.size(), response.status, begun);
        co_return response;
    }

    asio::awaitable<net::Response> respond(std::shared_ptr<const net::Request> request,
                                           const net::RouteMatch& match) {
        net::Response response;
        if (match.row < routes().size()) {
            response = co_await queries_.answer(request, routes()[match.row], match.parameters);
        } else {
            response = answer_page(*request, match);
        }
        net::Response negotiated = net::negotiate(*request, std::move(response));
        net::add_cors(*request, kCors, negotiated.headers);
        co_return negotiated;
    }

    /// Pages cost next to nothing, and a browser asks for several at once: no limit counts them.
    net::Response answer_page(const net::Request& request, const net::RouteMatch& match) {
        const auto& page = routes_[match.row];
        if (page.pattern == kApiDocument.pattern) return pages_.api_document();
        if (page.pattern == kSwaggerFile.pattern)
            return pages_.swagger_file(request, match.parameters.front());
        if (request.path() == kSwaggerFolder) return Pages::redirect_to_swagger();
        return pages_.swagger_file(request, {});
    }

    const std::vector<net::Route> routes_ = all_routes();
    const net::Router router_{routes_};
    net::HttpCounts counts_;
    const Lookups lookups_;
    LargePayloads payloads_;
    asio::thread_pool readers_;
    asio::io_context context_{1};
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> running_{
        context_.get_executor()};
    net::RequestLimits limits_;
    QueryService queries_;
    Pages pages_;
    std::shared_ptr<net::HttpServer> http_;
    std::thread thread_;
};

base::Result<std::unique_ptr<RestServer>> RestServer::open(const Options& options, const Source& source,
                                                           std::string sidecar_version, base::Log lines,
                                                           base::Metrics& metrics,
                                                           std::shared_ptr<tls::ServerContext> tls) {
    auto impl = std::make_unique<Impl>(options, source, sidecar_version, lines, metrics);
    if (const auto opened = impl->open(options, std::move(lines), metrics, std::move(tls)); !opened)
        return opened.error();
    return std::unique_ptr<RestServer>(new RestServer(std::move(impl)));
}

RestServer::RestServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RestServer::~RestServer() = default;
void RestServer::start() {
    impl_->start();
}
void RestServer::stop() {
    impl_->stop();
}
std::uint16_t RestServer::port() const {
    return impl_->port();
}
asio::io_context& RestServer::context() {
    return impl_->context();
}

}  // namespace rest
