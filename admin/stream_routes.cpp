#include "admin/stream_routes.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <utility>

#include "admin/json_answers.h"
#include "admin/node_json.h"
#include "admin/reply.h"
#include "base/rfc3339.h"

namespace admin {

namespace asio = boost::asio;
using nlohmann::ordered_json;
using SystemTime = std::chrono::system_clock::time_point;

namespace {

constexpr std::chrono::seconds kUsualDrain{30};
constexpr std::uint64_t kLongestDrain = 3600;  // seconds

ordered_json subscriber_json(const SubscriberReport& report, SystemTime now) {
    const auto age = std::chrono::floor<std::chrono::seconds>(std::max(now, report.since) - report.since);
    ordered_json json;
    json["id"] = report.id;
    json["endpoint"] = report.endpoint;
    json["state"] = report.state;
    json["since"] = base::rfc3339(report.since);
    json["age_in_seconds"] = age.count();
    json["next_id"] = report.next_id;
    json["lag_events"] = report.lag_events;
    json["lag_bytes"] = report.lag_bytes ? ordered_json(*report.lag_bytes) : ordered_json(nullptr);
    json["address"] = report.address;
    json["tls"] = report.encrypted;
    return json;
}

ordered_json drain_json(const DrainReport& report) {
    ordered_json json;
    json["draining"] = report.draining;
    json["since"] = report.draining ? ordered_json(base::rfc3339(report.since)) : ordered_json(nullptr);
    json["seconds"] = report.draining ? ordered_json(report.over.count()) : ordered_json(nullptr);
    json["subscribers"] = report.subscribers;
    return json;
}

RouteHandler list(StreamControl& streams) {
    return [&streams](Call call) -> asio::awaitable<net::Response> {
        std::function<void(std::function<void(StreamControl::Subscribers)>)> ask = [&streams](auto answer) {
            streams.report(std::move(answer));
        };
        auto reply = reply_of<StreamControl::Subscribers>(call.way_back, std::move(ask));
        const auto reports = co_await std::move(reply);
        if (!reports) co_return refuse_late(call);
        const auto now = std::chrono::system_clock::now();
        ordered_json subscribers = ordered_json::array();
        for (const auto& report : *reports) subscribers.push_back(subscriber_json(report, now));
        ordered_json answer;
        answer["subscribers"] = std::move(subscribers);
        co_return json_answer(200, answer);
    };
}

std::optional<std::uint64_t> id_of(std::string_view text) {
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return id;
}

RouteHandler close(StreamControl& streams, base::Log lines) {
    return [&streams, lines = std::move(lines)](Call call) -> asio::awaitable<net::Response> {
        const auto id = id_of(call.parameters.front());
        if (!id) co_return refuse(call, 404, "a subscriber's id is a number; GET /subscribers lists them");
        std::function<void(std::function<void(bool)>)> ask = [&streams, &id](auto answer) {
            streams.close(*id, std::move(answer));
        };
        auto reply = reply_of<bool>(call.way_back, std::move(ask));
        const auto found = co_await std::move(reply);
        if (!found) co_return refuse_late(call);
        if (!*found) {
            co_return refuse(call, 404,
                             fmt::format("no subscriber has the id {}; it may be gone already", *id));
        }
        lines->info("subscriber {} was disconnected by {}", *id, call.request->peer);
        const net::Response done{204, {}, std::string{}, false};
        co_return done;
    };
}

/// Over how long the streams shall end.
base::Result<std::chrono::seconds> drain_time(const JsonObject& request) {
    auto time = kUsualDrain;
    for (const auto& [key, value] : request) {
        if (key != "seconds")
            return base::invalid(fmt::format("{}: unknown key; expected seconds, or nothing", quote(key)));
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kLongestDrain) {
            return base::invalid(fmt::format("seconds: is {}; expected an integer, 0 to {}",
                                             quote(value.dump()), kLongestDrain));
        }
        time = std::chrono::seconds(value.get<std::uint64_t>());
    }
    return time;
}

RouteHandler drain(StreamControl& streams, base::Log lines) {
    return [&streams, lines = std::move(lines)](Call call) -> asio::awaitable<net::Response> {
        const auto& body = call.request->body;
        base::Result<JsonObject> request = JsonObject{};
        if (!body.empty()) request = object_of(body, R"({"seconds":30})");
        if (!request) co_return refuse(call, request.error(), 400);
        const auto time = drain_time(*request);
        if (!time) co_return refuse(call, time.error(), 422);
        streams.drain(*time);
        const auto report = streams.drain_report();
        lines->warn("draining, as {} asked: no subscriber is let in, and {} streams end within {} s",
                    call.request->peer, report.subscribers, time->count());
        co_return json_answer(202, drain_json(report));
    };
}

RouteHandler drain_state(StreamControl& streams) {
    return [&streams](Call) -> asio::awaitable<net::Response> {
        co_return json_answer(200, drain_json(streams.drain_report()));
    };
}

RouteHandler end_drain(StreamControl& streams, base::Log lines) {
    return [&streams, lines = std::move(lines)](Call call) -> asio::awaitable<net::Response> {
        const bool draining = streams.drain_report().draining;
        streams.end_drain();
        if (draining) lines->info("the drain was ended by {}: subscribers are let in", call.request->peer);
        co_return json_answer(200, drain_json(streams.drain_report()));
    };
}

}  // namespace

std::vector<AdminRoute> stream_routes(StreamControl& streams, base::Log lines) {
    using Limit = AdminRoute::Limit;
    using Access = AdminRoute::Access;
    return {
        {{"GET", "/subscribers"}, Limit::Counted, Access::Open, list(streams)},
        {{"DELETE", "/subscribers/{id}"}, Limit::Free, Access::Token, close(streams, lines)},
        {{"GET", "/drain"}, Limit::Counted, Access::Open, drain_state(streams)},
        {{"POST", "/drain"}, Limit::Free, Access::Token, drain(streams, lines)},
        {{"DELETE", "/drain"}, Limit::Free, Access::Token, end_drain(streams, lines)},
    };
}

}  // namespace admin
