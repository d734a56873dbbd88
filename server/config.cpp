#include "server/config.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>

#include "server/config_checks.h"
#include "server/config_loader.h"
#include "server/config_toml.h"

namespace server {
namespace {

/// Problems without a line come last.
void sort_by_line(std::vector<ConfigProblem>& problems) {
    std::stable_sort(problems.begin(), problems.end(),
                     [](const ConfigProblem& a, const ConfigProblem& b) { return a.line - 1 < b.line - 1; });
}

void append(std::vector<ConfigProblem>& problems, std::vector<ConfigProblem> more) {
    std::move(more.begin(), more.end(), std::back_inserter(problems));
}

ConfigProblem unreadable(const std::string& why) {
    return {"", 0, "cannot be read (" + why + "); expected a configuration file, see EXAMPLE_CONFIG.toml"};
}

}  // namespace

Environment process_environment() {
    return [](std::string_view name) -> std::optional<std::string> {
        const char* value = std::getenv(std::string(name).c_str());
        if (value == nullptr) return std::nullopt;
        return value;
    };
}

ConfigResult load_config(const std::filesystem::path& file, const Environment& environment) {
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) return {std::nullopt, {unreadable("it is a folder")}};
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    std::string text;
    if (stream) text.assign(std::istreambuf_iterator<char>(stream), {});
    if (!stream) {
        const int reason = errno != 0 ? errno : EIO;
        return {std::nullopt, {unreadable(std::generic_category().message(reason))}};
    }
    return parse_config(text, file.string(), environment);
}

ConfigResult parse_config(std::string_view toml, const std::string&, const Environment& environment) {
    auto document = parse_toml(toml);
    if (!document.complete) {
        sort_by_line(document.problems);
        return {std::nullopt, std::move(document.problems)};
    }
    auto loaded = load_document(document.root, environment);
    check_together(loaded);
    auto problems = std::move(document.problems);
    // What seems to be missing may stand on a line that could not be read.
    if (problems.empty()) append(problems, std::move(loaded.missing));
    append(problems, std::move(loaded.problems));
    sort_by_line(problems);
    if (!problems.empty()) return {std::nullopt, std::move(problems)};
    return {std::move(loaded.config), {}};
}

std::string describe(const std::vector<ConfigProblem>& problems, const std::string& file_name) {
    std::string text;
    for (const auto& problem : problems) {
        text += file_name;
        if (problem.line != 0) text += ":" + std::to_string(problem.line);
        text += ": ";
        if (!problem.key.empty()) text += problem.key + ": ";
        text += problem.message + "\n";
    }
    return text;
}

}  // namespace server
