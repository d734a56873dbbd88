#include "admin/log_routes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>
#include <utility>

#include "admin/json_answers.h"
#include "admin/node_json.h"
#include "base/log_level.h"
#include "base/trimmed.h"

namespace admin {

namespace asio = boost::asio;
using nlohmann::ordered_json;

namespace {

net::Response level_answer(const base::Log& lines) {
    ordered_json answer;
    answer["level"] = base::level_of(lines);
    return json_answer(200, answer);
}

base::Error no_level(std::string_view what) {
    return base::invalid(
        fmt::format("level: {}; expected one of {}", what, fmt::join(base::kLogLevels, ", ")));
}

/// The one member of a JSON object.
base::Result<std::string> level_of(const JsonObject& request) {
    for (const auto& [key, value] : request) {
        if (key != "level") return base::invalid(fmt::format("{}: unknown key; expected level", quote(key)));
        if (!value.is_string()) return no_level("is no string");
    }
    if (request.empty()) return no_level("is missing");
    return request.at("level").get<std::string>();
}

/// The line about it is written while the level lets it through: before or after.
void apply(const base::Log& lines, const std::string& level, std::string_view peer) {
    const auto line = fmt::format("the log level becomes {}, was {}, as {} asked",
                                  base::log_level_named(level).value_or(level), base::level_of(lines), peer);
    const bool told = lines->should_log(spdlog::level::info);
    if (told) lines->info(line);
    static_cast<void>(base::set_level(lines, level));
    if (!told) lines->info(line);
}

RouteHandler change(base::Log lines) {
    return [lines = std::move(lines)](Call call) -> asio::awaitable<net::Response> {
        const auto body = base::trimmed(call.request->body);
        base::Result<std::string> level = std::string(body);
        if (body.starts_with('{')) {
            const auto request = object_of(body, R"({"level":"debug"})");
            if (!request) co_return refuse(call, request.error(), 400);
            level = level_of(*request);
        }
        if (level && !base::log_level_named(*level)) level = no_level("is " + quote(*level));
        if (!level) co_return refuse(call, level.error(), 422);
        apply(lines, *level, call.request->peer);
        co_return level_answer(lines);
    };
}

}  // namespace

std::vector<AdminRoute> log_routes(base::Log lines) {
    RouteHandler show = [lines](Call) -> asio::awaitable<net::Response> { co_return level_answer(lines); };
    return {{{"GET", "/log-level"}, AdminRoute::Limit::Counted, AdminRoute::Access::Open, std::move(show)},
            {{"PUT", "/log-level"}, AdminRoute::Limit::Free, AdminRoute::Access::Token, change(lines)}};
}

}  // namespace admin
