#include "upstream/network_gate.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace upstream {

void NetworkGate::expect(const std::string& node) {
    if (!open_ && !begun_) expected_.emplace(node, std::nullopt);
}

void NetworkGate::begin(std::function<void()> on_open, std::function<void(base::Error)> on_conflict) {
    begun_ = true;
    on_open_ = std::move(on_open);
    on_conflict_ = std::move(on_conflict);
    decide();
}

void NetworkGate::report(const std::string& node, const std::string& network) {
    const auto found = expected_.find(node);
    if (found == expected_.end()) return;
    found->second = network;
    decide();
}

void NetworkGate::withdraw(const std::string& node) {
    if (expected_.erase(node) > 0) decide();
}

void NetworkGate::decide() {
    if (open_ || !begun_ || refused_) return;
    const auto has_told = [](const auto& entry) { return entry.second.has_value(); };
    if (!std::ranges::all_of(expected_, has_told)) return;
    if (auto error = conflict()) {
        refused_ = true;
        on_conflict_(std::move(*error));
        return;
    }
    open_ = true;
    expected_.clear();
    on_open_();
}

std::optional<base::Error> NetworkGate::conflict() const {
    const std::pair<const std::string, std::optional<std::string>>* first = nullptr;
    for (const auto& entry : expected_) {
        if (entry.second->empty()) continue;
        if (first == nullptr) first = &entry;
        if (*entry.second == *first->second) continue;
        return base::invalid(
            fmt::format("the nodes belong to different networks: {} to {}, {} to {}; remove "
                        "one of them from [[connections]], or name the network to read in "
                        "network_name of [storage]",
                        first->first, *first->second, entry.first, *entry.second));
    }
    return std::nullopt;
}

}  // namespace upstream
