#include "admin/node_routes.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <utility>
#include <variant>

#include "admin/json_answers.h"
#include "admin/node_json.h"
#include "admin/reply.h"
#include "admin/toml_of_json.h"

namespace admin {

namespace asio = boost::asio;
using nlohmann::ordered_json;

namespace {

constexpr unsigned kNoContent = 204;
constexpr std::string_view kExample = R"({"ip_address":"10.0.0.7","sse_port":9999,"rest_port":8888})";

template <class Rows>
net::Response list_answer(const char* member, const Rows& rows) {
    ordered_json list = ordered_json::array();
    for (const auto& row : rows) list.push_back(json_of(row));
    ordered_json answer;
    answer[member] = std::move(list);
    return json_answer(200, answer);
}

net::Response node_answer(const Call& call, const std::optional<NodeCommands::Node>& node, unsigned done,
                          unsigned invalid) {
    if (!node) return refuse_late(call);
    if (!*node) return refuse(call, node->error(), invalid);
    if (done == kNoContent) return {done, {}, std::string{}, false};
    return json_answer(done, json_of(**node));
}

/// How many entries `?limit=` asks for; nothing when it makes no sense.
std::optional<std::size_t> limit_of(const net::Request& request) {
    const auto fields = net::parse_query(request.query());
    if (!fields || fields->size() > 1) return std::nullopt;
    if (fields->empty()) return NodeCommands::kDefaultHistory;
    const auto& [name, value] = fields->front();
    std::size_t limit = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), limit);
    const bool is_number = error == std::errc{} && end == value.data() + value.size();
    if (name != "limit" || !is_number || limit == 0 || limit > NodeCommands::kMostHistory)
        return std::nullopt;
    return limit;
}

/// The content type without its parameters.
std::string_view media_type_of(const net::Request& request) {
    auto type = request.header("content-type").value_or("application/json");
    type = type.substr(0, type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    return type;
}

/// The body as TOML, or why it cannot be that.
std::variant<std::string, net::Response> toml_of_body(const Call& call) {
    const auto& request = *call.request;
    const auto type = media_type_of(request);
    if (boost::beast::iequals(type, "application/toml")) return request.body;
    if (!boost::beast::iequals(type, "application/json")) {
        return refuse(call, 415,
                      fmt::format("the content type is {}; expected application/json or application/toml",
                                  quote(type)));
    }
    const auto object = object_of(request.body, kExample);
    if (!object) return refuse(call, object.error(), 400);
    return toml_of(*object);
}

RouteHandler list(NodeCommands& nodes) {
    return [&nodes](Call call) -> asio::awaitable<net::Response> {
        std::function<void(std::function<void(NodeCommands::Nodes)>)> ask = [&nodes](auto answer) {
            nodes.list(std::move(answer));
        };
        auto reply = reply_of<NodeCommands::Nodes>(call.way_back, std::move(ask));
        const auto reports = co_await std::move(reply);
        co_return reports ? list_answer("nodes", *reports) : refuse_late(call);
    };
}

using ByName = void (NodeCommands::*)(std::string node, NodeCommands::Answer answer);

RouteHandler of_one(NodeCommands& nodes, ByName command, unsigned done = 200) {
    return [&nodes, command, done](Call call) -> asio::awaitable<net::Response> {
        std::function<void(NodeCommands::Answer)> ask = [&nodes, command, &call](auto answer) {
            (nodes.*command)(call.parameters.front(), std::move(answer));
        };
        auto reply = reply_of<NodeCommands::Node>(call.way_back, std::move(ask));
        const auto node = co_await std::move(reply);
        co_return node_answer(call, node, done, 404);
    };
}

RouteHandler history(NodeCommands& nodes) {
    return [&nodes](Call call) -> asio::awaitable<net::Response> {
        const auto most = limit_of(*call.request);
        if (!most) {
            co_return refuse(call, 422,
                             fmt::format("invalid query; expected at most limit, an integer from 1 to {}",
                                         NodeCommands::kMostHistory));
        }
        std::function<void(std::function<void(NodeCommands::History)>)> ask = [&](auto answer) {
            nodes.history(call.parameters.front(), *most, std::move(answer));
        };
        auto reply = reply_of<NodeCommands::History>(call.way_back, std::move(ask));
        const auto history = co_await std::move(reply);
        if (!history) co_return refuse_late(call);
        if (!*history) co_return refuse(call, history->error(), 404);
        co_return list_answer("history", **history);
    };
}

RouteHandler add(NodeCommands& nodes) {
    return [&nodes](Call call) -> asio::awaitable<net::Response> {
        auto toml = toml_of_body(call);
        if (auto* const refusal = std::get_if<net::Response>(&toml)) co_return std::move(*refusal);
        auto spec = named_node(nodes, call.parameters.front(), std::get<std::string>(toml));
        if (!spec) co_return refuse(call, spec.error(), 422);
        std::function<void(NodeCommands::Answer)> ask = [&nodes, &spec](auto answer) {
            nodes.add(std::move(*spec), std::move(answer));
        };
        auto reply = reply_of<NodeCommands::Node>(call.way_back, std::move(ask));
        const auto node = co_await std::move(reply);
        co_return node_answer(call, node, 201, 409);
    };
}

}  // namespace

base::Result<upstream::NodeSpec> named_node(const NodeCommands& nodes, const std::string& name,
                                            const std::string& toml) {
    auto node = nodes.parse(toml);
    if (!node || node->options.name == name) return node;
    auto named = nodes.parse(toml_line("name", name) + toml);
    if (named) return named;
    // A key that stands twice is an error of TOML: the configuration has a name of its own.
    return base::invalid(fmt::format("name: is {}, but the path names {}; expected the same, or no name",
                                     quote(node->options.name), quote(name)));
}

std::vector<AdminRoute> node_routes(NodeCommands& nodes) {
    using Limit = AdminRoute::Limit;
    using Access = AdminRoute::Access;
    return {
        {{"GET", "/nodes"}, Limit::Counted, Access::Open, list(nodes)},
        {{"GET", "/nodes/{name}"}, Limit::Counted, Access::Open, of_one(nodes, &NodeCommands::show)},
        {{"GET", "/nodes/{name}/history"}, Limit::Counted, Access::Open, history(nodes)},
        {{"PUT", "/nodes/{name}"}, Limit::Free, Access::Token, add(nodes)},
        {{"DELETE", "/nodes/{name}"},
         Limit::Free,
         Access::Token,
         of_one(nodes, &NodeCommands::remove, kNoContent)},
        {{"POST", "/nodes/{name}/suspend"},
         Limit::Free,
         Access::Token,
         of_one(nodes, &NodeCommands::suspend)},
        {{"POST", "/nodes/{name}/resume"}, Limit::Free, Access::Token, of_one(nodes, &NodeCommands::resume)},
    };
}

}  // namespace admin
