#include "upstream/peers.h"

#include <algorithm>

namespace upstream {

void Peers::reads_blocks(const std::string& node, bool reads, Clock::time_point now) {
    auto& progress = nodes_[node];
    if (progress.is_read == reads) return;
    progress.is_read = reads;
    progress.waiting_since = now;
    progress.last_block.reset();
}

void Peers::block(const std::string& node, std::uint64_t height, Clock::time_point now) {
    auto& progress = nodes_[node];
    progress.waiting_since = now;
    // What a node sends again tells nothing about its progress.
    if (progress.height && height <= *progress.height) return;
    progress.height = height;
    progress.last_block = now;
}

std::optional<std::uint64_t> Peers::height(const std::string& node) const {
    const auto found = nodes_.find(node);
    return found == nodes_.end() ? std::nullopt : found->second.height;
}

std::uint64_t Peers::blocks_behind(const std::string& node) const {
    const auto own = height(node);
    if (!own) return 0;
    std::uint64_t newest = *own;
    for (const auto& [name, progress] : nodes_) newest = std::max(newest, progress.height.value_or(0));
    return newest - *own;
}

bool Peers::stalled(const std::string& node, Clock::duration patience, Clock::time_point now) const {
    const auto found = nodes_.find(node);
    if (found == nodes_.end() || !found->second.is_read) return false;
    const auto& own = found->second;
    if (now - own.waiting_since < patience) return false;
    return std::ranges::any_of(nodes_, [&](const auto& entry) {
        const auto& [name, peer] = entry;
        return name != node && peer.is_read && peer.last_block && *peer.last_block > own.waiting_since &&
               peer.height > own.height;
    });
}

}  // namespace upstream
