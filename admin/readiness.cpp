#include "admin/readiness.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace admin {

namespace {

std::string in_words(const upstream::NodeReport& node) {
    auto words = fmt::format("{} is {}", node.name, upstream::name_of(node.state));
    if (!node.last_error.empty()) words += fmt::format(" ({})", node.last_error);
    return words;
}

/// Why no node is read; nothing, if one is.
std::vector<std::string> problems_of(const std::vector<upstream::NodeReport>& nodes) {
    const auto is_read = [](const upstream::NodeReport& node) {
        return node.state == upstream::NodeState::Running;
    };
    if (std::ranges::any_of(nodes, is_read)) return {};
    if (nodes.empty()) return {"there is no node to read"};
    std::string words = "no node is read: ";
    for (const auto& node : nodes) words += (&node == nodes.data() ? "" : "; ") + in_words(node);
    return {std::move(words)};
}

}  // namespace

void Readiness::check(Answer answer) const {
    steering_.report(
        [storage = storage_, answer = std::move(answer)](const std::vector<upstream::NodeReport>& nodes) {
            auto reasons = storage();
            for (auto& problem : problems_of(nodes)) reasons.push_back(std::move(problem));
            answer(std::move(reasons));
        });
}

}  // namespace admin
