#include "admin/readiness.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
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
    steering_.report([this, answer = std::move(answer)](const std::vector<upstream::NodeReport>& nodes) {
        answer(reasons(&nodes));
    });
}

Readiness::Reasons Readiness::reasons(const std::vector<upstream::NodeReport>* nodes) const {
    Reasons all;
    const auto add = [&all](Reasons reasons) { std::ranges::move(reasons, std::back_inserter(all)); };
    for (const auto& source : sources_) add(source());
    add(nodes != nullptr ? problems_of(*nodes) : Reasons{"the loop that reads the nodes does not answer"});
    return all;
}

}  // namespace admin
