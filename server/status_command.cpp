#include "server/status_command.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <utility>

#include "admin/node_json.h"
#include "server/text_table.h"

namespace server {

using nlohmann::ordered_json;

namespace {

std::string describe(const ordered_json& answer, bool ready) {
    if (ready) return "ready\n";
    std::string text = "not ready\n";
    for (const auto& reason : answer.value("reasons", ordered_json::array())) {
        if (reason.is_string()) text += "  " + printable(reason.get_ref<const std::string&>()) + "\n";
    }
    return text;
}

}  // namespace

StatusCommand::StatusCommand(CLI::App& program, const RunningSidecar& sidecar) : sidecar_(sidecar) {
    status_ = program.add_subcommand("status", "Tell whether a running sidecar is ready, and if not, why");
    status_->fallthrough()->footer(
        "Ready: events are stored, and come from at least one node. Exits with 0 only then.");
    status_->add_flag("--json", json_, "Print the sidecar's answer as JSON");
}

bool StatusCommand::chosen() const {
    return status_->parsed();
}

CommandOutput StatusCommand::run(const std::string& config_file, const Environment& environment) const {
    ordered_json request;
    request["command"] = "status";
    const auto answer = sidecar_.ask(request, config_file, environment);
    if (!answer) return failed(answer.error().message);
    const auto found = answer->find("ready");
    const bool ready = found != answer->end() && found->is_boolean() && found->get<bool>();
    auto text = json_ ? admin::line_of(*answer) + "\n" : describe(*answer, ready);
    return {std::move(text), {}, ready ? EXIT_SUCCESS : EXIT_FAILURE};
}

}  // namespace server
