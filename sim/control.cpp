#include "sim/control.h"

#include <nlohmann/json.hpp>

#include "sim/units.h"

namespace sim {
namespace {

using Json = nlohmann::ordered_json;

Json by_filter(const Node::ByFilter& counts) {
    return {{"main", counts[0]}, {"deploys", counts[1]}, {"sigs", counts[2]}};
}

Json describe(const Node& node, std::size_t number) {
    const auto& buffer = node.feed().buffer;
    const auto held = buffer.end_position() - buffer.begin_position();
    return {{"node", number},
            {"sse_port", node.sse_port()},
            {"rest_port", node.rest_port()},
            {"listening", node.listening()},
            {"silent", node.silent()},
            {"api_version", node.feed().api_version},
            {"next_id", buffer.next_id()},
            {"oldest_id", held == 0 ? buffer.next_id() : buffer.id_at(buffer.begin_position())},
            {"held", held},
            {"subscribers", by_filter(node.subscribers())},
            {"subscriptions", by_filter(node.subscriptions())},
            {"drained", node.drained()}};
}

net::Response refuse(unsigned status, const std::string& message) {
    return net::json_response(status, Json{{"code", status}, {"message", message}}.dump(
                                          -1, ' ', false, Json::error_handler_t::replace));
}

net::Response done() {
    return net::json_response(200, R"({"ok":true})");
}

}  // namespace

net::Response Control::answer(const net::Request& request) {
    const auto command = request.method + " " + std::string(request.path());
    if (command == "GET /state") return net::json_response(200, state());
    if (command == "GET /chain") return net::json_response(200, chain());
    if (command == "POST /faults") return add_faults(request.body);
    if (command == "POST /start") return start(request.query());
    if (command == "DELETE /faults") {
        controlled_.clear_faults();
        return done();
    }
    if (command == "POST /stop") {
        controlled_.producer.pause();
        return done();
    }
    return refuse(404,
                  "expected GET /state, GET /chain, POST /faults, DELETE /faults, POST /start or POST /stop");
}

std::string Control::state() const {
    Json nodes = Json::array();
    for (std::size_t i = 0; i < controlled_.nodes.size(); ++i)
        nodes.push_back(describe(*controlled_.nodes[i], i + 1));
    const Json page{{"producing", controlled_.producer.producing()},
                    {"pending", controlled_.producer.pending()},
                    {"nodes", std::move(nodes)}};
    return page.dump();
}

std::string Control::chain() const {
    const auto& progress = controlled_.producer.progress();
    Json by_kind = Json::object();
    for (const auto& row : base::kKinds) {
        by_kind[std::string(row.name)] = progress.by_kind[static_cast<std::size_t>(row.kind)];
    }
    Json page{{"producing", controlled_.producer.producing()},
              {"events", progress.events},
              {"by_kind", std::move(by_kind)}};
    if (const auto& block = progress.last_block) {
        page["last_block"] = Json{{"hash", block->hash}, {"height", block->height}, {"era_id", block->era}};
    }
    return page.dump();
}

net::Response Control::add_faults(const std::string& body) {
    auto faults = parse_faults(body, controlled_.nodes.size());
    if (!faults) return refuse(400, faults.error().message);
    controlled_.add_faults(std::move(*faults));
    return done();
}

net::Response Control::start(std::string_view query) {
    const auto fields = net::parse_query(query);
    if (!fields) return refuse(400, "the query cannot be read");
    std::optional<std::uint64_t> events;
    for (const auto& [key, value] : *fields) {
        const auto number = parse_number(value);
        if (key != "events" || !number) return refuse(400, "expected nothing or events=N");
        events = *number;
    }
    controlled_.producer.resume(events);
    return done();
}

}  // namespace sim
