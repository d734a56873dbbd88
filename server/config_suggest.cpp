#include "server/config_suggest.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

namespace server {
namespace {

/// Levenshtein's distance: the fewest characters put in, taken out or changed.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

std::vector<std::string_view> names_in(Section section, bool sections) {
    std::vector<std::string_view> names;
    for (const auto& row : config_sections()) {
        if (sections && row.parent == section && row.section != Section::Top) names.push_back(row.name);
    }
    for (const auto& row : config_keys()) {
        if (!sections && row.section == section) names.push_back(row.name);
    }
    return names;
}

/// The name that `name` was probably meant to be; empty when none is near.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates) {
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
    for (const auto candidate : candidates) {
        const auto distance = edit_distance(name, candidate);
        if (distance >= best_distance || distance >= candidate.size()) continue;
        best = candidate;
        best_distance = distance;
    }
    return best;
}

/// Where else a key or section of exactly this name belongs.
std::vector<std::string_view> homes_of(std::string_view name) {
    std::vector<std::string_view> homes;
    for (const auto& row : config_sections()) {
        if (row.section != Section::Top && row.name == name) homes.push_back(row.header);
    }
    for (const auto& row : config_keys()) {
        if (row.name != name) continue;
        const auto header = row_of(row.section).header;
        homes.push_back(header.empty() ? "the lines above the first section" : header);
    }
    return homes;
}

std::string listed(const std::vector<std::string_view>& names, std::string_view separator) {
    std::string text;
    for (const auto name : names) {
        if (!text.empty()) text += separator;
        text += name;
    }
    return text;
}

bool is_section(const TomlNode& node) {
    if (std::holds_alternative<TomlNode::Table>(node.value)) return true;
    const auto* array = std::get_if<TomlNode::Array>(&node.value);
    return array != nullptr && !array->empty() &&
           std::holds_alternative<TomlNode::Table>(array->front().value);
}

}  // namespace

std::string unknown_message(Section section, std::string_view name, const TomlNode& node) {
    const bool sections = is_section(node);
    const std::string what = sections ? "unknown section" : "unknown key";
    const auto names = names_in(section, sections);
    if (const auto near = nearest(name, names); !near.empty())
        return what + "; did you mean " + quote(near) + "?";
    if (const auto homes = homes_of(name); !homes.empty())
        return what + " here; expected in " + listed(homes, " or ");
    if (names.empty()) return what + "; expected none here";
    return what + "; expected one of " + listed(names, ", ");
}

}  // namespace server
