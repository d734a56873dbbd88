#include "upstream/peers.h"

#include <algorithm>

namespace upstream {

void Peers::reads_blocks(const std::string& node, bool reads, Clock::time_point now) {
    auto& progress = nodes_[node];
    if (progress.is_read == reads) return;
    progress.is_read = reads;
    count_from(progress, now);
}

void Peers::block(const std::string& node, std::uint64_t height, Clock::time_point now) {
    auto& progress = nodes_[node];
    progress.height = std::max(progress.height.value_or(0), height);
    count_from(progress, now);
    for (auto& [name, peer] : nodes_) {
        if (peer.is_read && !peer.overtaken_since && is_ahead(progress, peer)) peer.overtaken_since = now;
    }
}

std::optional<std::uint64_t> Peers::height(const std::string& node) const {
    const auto found = nodes_.find(node);
    return found == nodes_.end() ? std::nullopt : found->second.height;
}

std::uint64_t Peers::blocks_behind(const std::string& node) const {
    const auto own = height(node);
    if (!own) return 0;
    std::uint64_t newest = *own;
    for (const auto& [name, peer] : nodes_) {
        if (peer.is_read) newest = std::max(newest, peer.height.value_or(0));
    }
    return newest - *own;
}

bool Peers::stalled(const std::string& node, Clock::duration patience, Clock::time_point now) const {
    const auto found = nodes_.find(node);
    if (found == nodes_.end()) return false;
    const auto& progress = found->second;
    return progress.is_read && progress.overtaken_since && now - *progress.overtaken_since >= patience &&
           is_overtaken(progress);
}

bool Peers::is_ahead(const Progress& peer, const Progress& than) {
    return peer.is_read && peer.height && (!than.height || *peer.height > *than.height);
}

bool Peers::is_overtaken(const Progress& node) const {
    return std::ranges::any_of(nodes_, [&](const auto& entry) { return is_ahead(entry.second, node); });
}

void Peers::count_from(Progress& node, Clock::time_point now) const {
    node.overtaken_since.reset();
    if (node.is_read && is_overtaken(node)) node.overtaken_since = now;
}

}  // namespace upstream
