#include "server/connection_config.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "server/config_checks.h"
#include "server/config_loader.h"
#include "server/config_toml.h"

namespace server {
namespace {

constexpr std::size_t kMaxText = 4096;
constexpr std::ptrdiff_t kMaxBrackets = 64;
constexpr std::string_view kTable = "connections[0]";

/// The parser recurses into lists, sections and dotted keys: what comes from outside must not exhaust the
/// stack.
std::optional<std::string> fault_of_size(std::string_view toml) {
    if (toml.size() > kMaxText) {
        return "the configuration is too long; expected " + std::to_string(kMaxText) + " bytes at most";
    }
    const auto brackets =
        std::count_if(toml.begin(), toml.end(), [](char c) { return c == '[' || c == '{'; });
    if (brackets > kMaxBrackets)
        return "the configuration has too many brackets; no key takes a list or a section";
    return std::nullopt;
}

/// A document that holds nothing but the one connection.
TomlNode::Table document_of(TomlNode::Table keys) {
    TomlNode connection;
    connection.value = std::move(keys);
    TomlNode connections;
    connections.value = TomlNode::Array{std::move(connection)};
    return {{"connections", std::move(connections)}};
}

/// The sections that a whole file needs are not missed here.
void append_own(std::vector<ConfigProblem>& problems, const std::vector<ConfigProblem>& found) {
    std::copy_if(found.begin(), found.end(), std::back_inserter(problems),
                 [](const ConfigProblem& problem) { return problem.key.starts_with(kTable); });
}

std::string line_of(const ConfigProblem& problem) {
    if (problem.key.empty()) {
        const auto where = problem.line != 0 ? "line " + std::to_string(problem.line) + ": " : std::string();
        return where + problem.message;
    }
    std::string_view key = problem.key;
    key.remove_prefix(std::min(key.size(), kTable.size() + 1));
    return std::string(key) + ": " + problem.message;
}

base::Error invalid(const std::vector<ConfigProblem>& problems) {
    std::string text;
    for (const auto& problem : problems) text += (text.empty() ? "" : "\n") + line_of(problem);
    return base::invalid(std::move(text));
}

}  // namespace

base::Result<upstream::NodeSpec> parse_connection(const std::string& toml) {
    if (auto fault = fault_of_size(toml)) return base::invalid(std::move(*fault));
    auto document = parse_toml(toml);
    if (!document.complete) return invalid(document.problems);

    const Environment none = [](std::string_view) { return std::nullopt; };
    auto loaded = load_document(document_of(std::move(document.root)), none);
    check_together(loaded);
    auto problems = std::move(document.problems);
    // What seems to be missing may stand on a line that could not be read.
    if (problems.empty()) append_own(problems, loaded.missing);
    append_own(problems, loaded.problems);
    if (!problems.empty()) return invalid(problems);

    upstream::NodeSpec node;
    node.options = std::move(loaded.config.connections.front());
    node.configuration = toml;
    return node;
}

}  // namespace server
