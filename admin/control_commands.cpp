#include "admin/control_commands.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "admin/node_json.h"

namespace admin {

using nlohmann::ordered_json;

namespace {

constexpr std::string_view kExpected =
    "expected one line of JSON such as {\"command\":\"show\",\"node\":\"NAME\"}";

std::string success(const char* key, ordered_json value) {
    ordered_json answer;
    answer["ok"] = true;
    answer[key] = std::move(value);
    return line_of(answer);
}

/// The member, when it is a string that is not empty.
std::optional<std::string> text_member(const nlohmann::json& request, const char* key) {
    const auto found = request.find(key);
    if (found == request.end() || !found->is_string()) return std::nullopt;
    auto text = found->get<std::string>();
    if (text.empty()) return std::nullopt;
    return text;
}

/// How many entries of the history; nothing when the member makes no sense.
std::optional<std::size_t> limit_of(const nlohmann::json& request) {
    const auto found = request.find("limit");
    if (found == request.end()) return NodeCommands::kDefaultHistory;
    if (!found->is_number_unsigned()) return std::nullopt;
    const auto limit = found->get<std::uint64_t>();
    if (limit == 0 || limit > NodeCommands::kMostHistory) return std::nullopt;
    return static_cast<std::size_t>(limit);
}

NodeCommands::Answer node_answer(ControlCommands::Done done) {
    return [done = std::move(done)](const NodeCommands::Node& result) {
        done(result ? success("node", json_of(*result)) : failure(result.error().message));
    };
}

std::string node_of(const nlohmann::json& request) {
    return request["node"].get<std::string>();
}

}  // namespace

struct ControlCommands::Row {
    std::string_view name;
    const char* needs;  ///< the member that must be there; null: none
    void (ControlCommands::*run)(const Request&, Done);

    static const std::array<Row, 8> kRows;

    static const Row* find(std::string_view name) {
        const auto found =
            std::find_if(kRows.begin(), kRows.end(), [name](const Row& row) { return row.name == name; });
        return found == kRows.end() ? nullptr : &*found;
    }

    static std::string names() {
        std::string text;
        for (const auto& row : kRows) text += (text.empty() ? "" : ", ") + std::string(row.name);
        return text;
    }
};

constexpr std::array<ControlCommands::Row, 8> ControlCommands::Row::kRows{{
    {"list", nullptr, &ControlCommands::list},
    {"show", "node", &ControlCommands::show},
    {"suspend", "node", &ControlCommands::suspend},
    {"resume", "node", &ControlCommands::resume},
    {"add", "configuration", &ControlCommands::add},
    {"remove", "node", &ControlCommands::remove},
    {"history", "node", &ControlCommands::history},
    {"status", nullptr, &ControlCommands::status},
}};

void ControlCommands::run(std::string_view request, Done done) {
    const auto json = nlohmann::json::parse(request, nullptr, false);
    if (!json.is_object()) return done(failure(fmt::format("the request cannot be read; {}", kExpected)));
    const auto command = text_member(json, "command");
    if (!command) return done(failure(fmt::format("the request names no command; {}", kExpected)));
    const auto* row = Row::find(*command);
    if (row == nullptr) {
        return done(
            failure(fmt::format("unknown command {}; expected one of {}", quote(*command), Row::names())));
    }
    if (row->needs != nullptr && !text_member(json, row->needs)) {
        return done(
            failure(fmt::format("{} needs \"{}\", a string that is not empty", row->name, row->needs)));
    }
    (this->*row->run)(json, std::move(done));
}

void ControlCommands::list(const Request&, Done done) {
    nodes_.list([done = std::move(done)](const NodeCommands::Nodes& reports) {
        ordered_json nodes = ordered_json::array();
        for (const auto& report : reports) nodes.push_back(json_of(report));
        done(success("nodes", std::move(nodes)));
    });
}

void ControlCommands::show(const Request& request, Done done) {
    nodes_.show(node_of(request), node_answer(std::move(done)));
}

void ControlCommands::suspend(const Request& request, Done done) {
    nodes_.suspend(node_of(request), node_answer(std::move(done)));
}

void ControlCommands::resume(const Request& request, Done done) {
    nodes_.resume(node_of(request), node_answer(std::move(done)));
}

void ControlCommands::remove(const Request& request, Done done) {
    nodes_.remove(node_of(request), node_answer(std::move(done)));
}

void ControlCommands::add(const Request& request, Done done) {
    auto node = nodes_.parse(request["configuration"].get<std::string>());
    if (!node) return done(failure(node.error().message));
    nodes_.add(std::move(*node), node_answer(std::move(done)));
}

void ControlCommands::history(const Request& request, Done done) {
    const auto most = limit_of(request);
    if (!most) {
        return done(failure(fmt::format("\"limit\" is no integer from 1 to {}", NodeCommands::kMostHistory)));
    }
    nodes_.history(node_of(request), *most,
                   [done = std::move(done)](const NodeCommands::History& observations) {
                       if (!observations) return done(failure(observations.error().message));
                       ordered_json history = ordered_json::array();
                       for (const auto& observation : *observations) history.push_back(json_of(observation));
                       done(success("history", std::move(history)));
                   });
}

void ControlCommands::status(const Request&, Done done) {
    readiness_.check([done = std::move(done)](const Readiness::Reasons& reasons) {
        ordered_json answer;
        answer["ok"] = true;
        answer["ready"] = reasons.empty();
        answer["reasons"] = reasons;
        done(line_of(answer));
    });
}

std::string failure(std::string_view why) {
    ordered_json answer;
    answer["ok"] = false;
    answer["error"] = why;
    return line_of(answer);
}

}  // namespace admin
