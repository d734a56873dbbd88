#pragma once

#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/paths.h"
#include "support/programs.h"

namespace integration {

/// What `event-sidecar nodes …` printed.
inline std::string nodes(const support::TemporaryFolder& folder, const support::Sidecar& sidecar,
                         std::vector<std::string> words) {
    words.insert(words.begin(),
                 {support::sidecar_program(), "--path-to-config", sidecar.config_file().string(), "nodes"});
    const auto output = folder.path() / "command.log";
    std::filesystem::remove(output);
    support::Process command(words, output);
    const auto code = command.wait();
    return fmt::format("{}{}", code == 0 ? "" : "FAILED: ", command.output());
}

inline std::string name_of(const support::SimulatedNetwork::Ports& node) {
    return fmt::format("127.0.0.1:{}", node.sse);
}

inline nlohmann::json show(const support::TemporaryFolder& folder, const support::Sidecar& sidecar,
                           const std::string& name) {
    const auto text = nodes(folder, sidecar, {"show", name, "--json"});
    const auto answer = nlohmann::json::parse(text, nullptr, false);
    return answer.is_object() && answer.contains("node") ? answer["node"] : nlohmann::json{{"state", text}};
}

inline bool reaches(const support::TemporaryFolder& folder, const support::Sidecar& sidecar,
                    const std::string& name, const std::string& state) {
    return support::eventually([&] { return show(folder, sidecar, name)["state"] == state; });
}

}  // namespace integration
