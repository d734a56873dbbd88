#include "rest/query_service.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "net/conditional.h"
#include "net/offload.h"
#include "rest/answer_body.h"

namespace rest {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kComplaintInterval{10};
constexpr std::string_view kForEver = "public, max-age=31536000, immutable";
constexpr std::string_view kAskEachTime = "no-cache";

net::Refusal too_many_large_answers() {
    return {503, "Too many large answers are being sent; try again later", {{"retry-after", "5"}}};
}

bool is_large(const Part& part) {
    return std::holds_alternative<LargePart>(part);
}

}  // namespace

/// Why there is no answer, and what the database said, for the log.
struct QueryService::Failure {
    net::Refusal refusal;
    std::optional<base::Error> cause;
};

/// What a lookup needs; kept until it ends, though its client may be gone.
struct QueryService::Task {
    std::shared_ptr<const net::Request> request;
    const RouteRow* route;
    Arguments arguments;
};

QueryService::QueryService(Source::Place place, const Lookups& lookups, LargePayloads& payloads,
                           net::RequestLimits& limits, asio::thread_pool& pool, base::Log lines)
    : place_(place),
      lookups_(lookups),
      payloads_(payloads),
      limits_(limits),
      pool_(pool),
      lines_(std::move(lines)),
      complaints_(kComplaintInterval) {}

asio::awaitable<net::Response> QueryService::answer(std::shared_ptr<const net::Request> request,
                                                    const RouteRow& route,
                                                    std::vector<std::string> path_parameters) {
    auto arguments = read_arguments(route, path_parameters, request->query());
    if (!arguments) co_return net::json_refusal(arguments.error(), *request);

    const auto task = std::make_shared<const Task>(Task{request, &route, std::move(*arguments)});
    if (place_ == Source::Place::File && route.effort == Effort::Few) co_return co_await answer_at_once(task);

    net::RequestLimits::Work work = [this, task] { return look_up(task); };
    auto result = co_await limits_.run(std::move(work));
    if (auto* const refusal = std::get_if<net::Refusal>(&result))
        co_return net::json_refusal(*refusal, *request);
    co_return std::get<net::Response>(std::move(result));
}

/// What does not wait needs nobody to watch its time.
asio::awaitable<net::Response> QueryService::answer_at_once(std::shared_ptr<const Task> task) {
    const auto entered = co_await limits_.enter();
    if (const auto* const refusal = std::get_if<net::Refusal>(&entered))
        co_return net::json_refusal(*refusal, *task->request);
    Found found = find(*task);
    if (!wants_large(found, *task)) co_return respond(std::move(found), *task);
    co_return co_await respond_with_large(std::get<Content>(std::move(found)), task);
}

asio::awaitable<net::Response> QueryService::look_up(std::shared_ptr<const Task> task) {
    auto look = [this, task] { return find(*task); };
    Found found = co_await net::offload(pool_, std::move(look));
    if (!wants_large(found, *task)) co_return respond(std::move(found), *task);
    co_return co_await respond_with_large(std::get<Content>(std::move(found)), task);
}

/// An error is told while it can be: once the body has begun, it would cut the connection.
asio::awaitable<net::Response> QueryService::respond_with_large(Content content,
                                                                std::shared_ptr<const Task> task) {
    auto load = [this, content = std::move(content)]() mutable {
        return with_first_large(std::move(content));
    };
    Found loaded = co_await net::offload(pool_, std::move(load));
    co_return respond(std::move(loaded), *task);
}

/// Not for a client that holds it already.
bool QueryService::wants_large(const Found& found, const Task& task) {
    const auto* const content = std::get_if<Content>(&found);
    return content != nullptr && std::ranges::any_of(content->parts, is_large) &&
           !net::holds(*task.request, content->etag);
}

QueryService::Found QueryService::find(const Task& task) const {
    auto found = lookups_.answer(*task.route, task.arguments);
    if (!found) return Failure{unreadable_database(found.error()), found.error()};
    if (!*found) return Failure{no_results(), std::nullopt};
    return std::move(**found);
}

QueryService::Found QueryService::with_first_large(Content content) const {
    if (payloads_.full()) return Failure{too_many_large_answers(), std::nullopt};
    const auto first = std::ranges::find_if(content.parts, is_large);
    auto read = payloads_.read(std::get<LargePart>(*first));
    if (!read) return Failure{unreadable_database(read.error()), read.error()};
    *first = std::move(*read);
    return content;
}

net::Response QueryService::respond(Found found, const Task& task) {
    if (const auto* const failure = std::get_if<Failure>(&found)) {
        if (failure->cause) complain(*failure->cause);
        return net::json_refusal(failure->refusal, *task.request);
    }
    auto& content = std::get<Content>(found);
    net::Response response = net::json_response(200, {});
    response.headers.emplace_back("cache-control", content.immutable ? kForEver : kAskEachTime);
    if (!content.etag.empty()) response.headers.emplace_back("etag", content.etag);
    response.body = body_of(std::move(content), task.arguments.pretty, payloads_, pool_);
    return response;
}

void QueryService::complain(const base::Error& error) {
    const auto held_back = complaints_.pass();
    if (held_back) {
        lines_->error("[rest_server] a query is not answered: {} ({} more like this before)", error.message,
                      *held_back);
    }
}

}  // namespace rest
