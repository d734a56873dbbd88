#include "server/running_sidecar.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fmt/format.h>

#include "admin/control_client.h"
#include "server/control_path.h"
#include "server/text_table.h"

namespace server {

namespace {

base::Error unusable(const std::vector<ConfigProblem>& problems, const std::string& config_file) {
    auto text = describe({problems.front()}, config_file);
    text.pop_back();  // the newline
    if (problems.size() > 1) text += fmt::format(" (and {} more)", problems.size() - 1);
    return base::invalid(text + "; correct the file, or give --control-socket PATH");
}

}  // namespace

CommandOutput failed(std::string_view why) {
    // Of several lines each is wanted, but nothing else that controls a terminal.
    std::string text;
    while (true) {
        const auto end = why.find('\n');
        text += "event-sidecar: " + printable(why.substr(0, end)) + "\n";
        if (end == std::string_view::npos) break;
        why.remove_prefix(end + 1);
    }
    return {{}, std::move(text), EXIT_FAILURE};
}

RunningSidecar::RunningSidecar(CLI::App& program) {
    program
        .add_option("--control-socket", control_socket_,
                    "With `nodes` and `status`: the socket of the running sidecar")
        ->type_name("PATH");
}

base::Result<std::filesystem::path> RunningSidecar::socket_path(const std::string& config_file,
                                                                const Environment& environment) const {
    if (!control_socket_.empty()) return std::filesystem::path(control_socket_);
    if (config_file.empty()) {
        return base::invalid("which sidecar? Give its --path-to-config FILE, or its --control-socket PATH");
    }
    const auto loaded = load_config(config_file, environment);
    if (loaded.config) return control_socket_path(*loaded.config);
    return unusable(loaded.problems, config_file);
}

base::Result<nlohmann::ordered_json> RunningSidecar::ask(const nlohmann::ordered_json& request,
                                                         const std::string& config_file,
                                                         const Environment& environment) const {
    const auto socket = socket_path(config_file, environment);
    if (!socket) return socket.error();
    return admin::ask(*socket, request);
}

}  // namespace server
