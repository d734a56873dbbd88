#include "server/nodes_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <utility>

#include "admin/node_commands.h"
#include "admin/node_json.h"
#include "server/nodes_output.h"
#include "storage/node_store.h"

namespace server {

using nlohmann::ordered_json;

namespace {

constexpr std::string_view kNodesFooter =
    "The running sidecar is found by its configuration file (--path-to-config FILE) or by its socket\n"
    "(--control-socket PATH). Changes are stored by the sidecar and outlive its restarts.";

/// A basic string of TOML.
std::string toml_string(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            result += fmt::format("\\u{:04X}", byte);
        } else {
            if (c == '"' || c == '\\') result += '\\';
            result += c;
        }
    }
    return result + "\"";
}

/// "key=value" with a key that needs no quotes.
std::string fault_of_setting(const std::string& setting) {
    const auto is_bare = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
    };
    const auto end = setting.find('=');
    const bool good =
        end != std::string::npos && end > 0 && end + 1 < setting.size() &&
        std::all_of(setting.begin(), setting.begin() + static_cast<std::ptrdiff_t>(end), is_bare);
    return good ? std::string() : "expected KEY=VALUE such as max_attempts=5";
}

}  // namespace

NodesCommand::NodesCommand(CLI::App& program, const RunningSidecar& sidecar)
    : sidecar_(sidecar), limit_(admin::NodeCommands::kDefaultHistory) {
    declare(program);
    declare_add();
}

void NodesCommand::declare(CLI::App& program) {
    nodes_ = program.add_subcommand("nodes", "Show and steer the node connections of a running sidecar");
    nodes_->require_subcommand(1)->fallthrough()->footer(std::string(kNodesFooter));
    nodes_->add_flag("--json", json_, "Print the sidecar's answer as JSON");

    nodes_->add_subcommand("list", "Every node with its state")->fallthrough();
    const auto of_node = [this](const char* name, const char* help) {
        auto* command = nodes_->add_subcommand(name, help);
        command->add_option("node", node_, "The node's name, as `nodes list` shows it")
            ->required()
            ->type_name("NAME");
        return command->fallthrough();
    };
    of_node("show", "All that is known of a node");
    of_node("suspend", "End a node's connections until it is resumed");
    of_node("resume", "Connect a node that is suspended, given up or incompatible");
    of_node("remove",
            "End a node's connections and forget the node, also if the configuration file names it");
    of_node("history", "A node's last changes of state, the newest first")
        ->add_option("--limit", limit_, "How many")
        ->type_name("N")
        ->capture_default_str()
        ->check(CLI::Range(std::size_t{1}, storage::NodeStore::kHistoryPerNode));
}

void NodesCommand::declare_add() {
    auto* add = nodes_->add_subcommand("add", "Read one more node");
    add->fallthrough();
    add->add_option("--name", name_, "Its name; unique. Default: ip_address:sse_port")->type_name("NAME");
    add->add_option("--ip-address", ip_address_, "Its address or host name")->required()->type_name("HOST");
    add->add_option("--sse-port", sse_port_, "Its event stream port")->required()->type_name("PORT");
    add->add_option("--rest-port", rest_port_, "Its REST port")->required()->type_name("PORT");
    add->add_option("--set", settings_,
                    "Another key of [[connections]], its value written as in the configuration file: "
                    "max_attempts=5, 'retry_strategy=\"exponential\"'. May be given several times")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false)
        ->check(CLI::Validator(fault_of_setting, std::string()));
}

bool NodesCommand::chosen() const {
    return nodes_->parsed();
}

std::string NodesCommand::command() const {
    return nodes_->get_subcommands().front()->get_name();
}

std::string NodesCommand::configuration() const {
    std::string toml;
    if (!name_.empty()) toml += fmt::format("name = {}\n", toml_string(name_));
    toml += fmt::format("ip_address = {}\nsse_port = {}\nrest_port = {}\n", toml_string(ip_address_),
                        sse_port_, rest_port_);
    for (const auto& setting : settings_) {
        const auto end = setting.find('=');
        toml += fmt::format("{} = {}\n", setting.substr(0, end), setting.substr(end + 1));
    }
    return toml;
}

ordered_json NodesCommand::request() const {
    ordered_json request;
    request["command"] = command();
    if (!node_.empty()) request["node"] = node_;
    if (command() == "add") request["configuration"] = configuration();
    if (command() == "history") request["limit"] = limit_;
    return request;
}

std::string NodesCommand::describe_answer(const ordered_json& answer) const {
    if (json_) return admin::line_of(answer) + "\n";
    const auto part = [&answer](const char* key) { return answer.value(key, ordered_json()); };
    if (command() == "list") return describe_nodes(part("nodes"));
    if (command() == "show") return describe_node(part("node"));
    if (command() == "history") return describe_history(part("history"));
    return describe_state(part("node"));
}

CommandOutput NodesCommand::run(const std::string& config_file, const Environment& environment) const {
    const auto answer = sidecar_.ask(request(), config_file, environment);
    if (!answer) return failed(answer.error().message);
    return {describe_answer(*answer), {}, EXIT_SUCCESS};
}

}  // namespace server
