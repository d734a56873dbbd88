#include "promql_names.h"

#include <algorithm>
#include <array>
#include <regex>

namespace deploy {

namespace {

constexpr std::array<std::string_view, 6> kWords{"and", "or", "unless", "bool", "offset", "inf"};

bool is_name_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':';
}

std::string without_labels(std::string_view expression) {
    static const std::regex labels(R"RE(\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring)\s*\([^)]*\))RE");
    return std::regex_replace(std::string(expression), labels, " ");
}

}  // namespace

std::set<std::string> metric_names(std::string_view expression) {
    const auto text = without_labels(expression);
    std::set<std::string> names;
    for (std::size_t at = 0; at < text.size();) {
        if (!is_name_character(text[at])) {
            ++at;
            continue;
        }
        const auto end = static_cast<std::size_t>(
            std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_name_character) -
            text.begin());
        const auto name = text.substr(at, end - at);
        const auto next = text.find_first_not_of(' ', end);
        const bool is_function = next != std::string::npos && text[next] == '(';
        const bool is_number = std::isdigit(static_cast<unsigned char>(name.front())) != 0;
        const bool is_word = std::ranges::find(kWords, name) != kWords.end();
        if (!is_function && !is_number && !is_word) names.insert(name);
        at = end;
    }
    // An aggregation whose `by (...)` stands before its operand is no metric.
    for (const auto* const aggregation : {"sum", "min", "max", "count", "avg"}) names.erase(aggregation);
    return names;
}

}  // namespace deploy
