#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "upstream/node_gap.h"

namespace upstream {

/// The nodes' gaps, as they are shown; the store keeps as many. One thread.
class GapList {
  public:
    static constexpr std::size_t kMostPerNode = 200;  ///< the oldest are forgotten

    /// The oldest first.
    explicit GapList(const std::vector<NodeGap>& stored) {
        for (const auto& gap : stored) add(gap);
    }

    void add(const NodeGap& gap) {
        auto& gaps = by_node_[gap.node];
        std::erase_if(gaps, [&](const NodeGap& known) { return known.begins_as(gap); });
        gaps.push_back(gap);
        if (gaps.size() > kMostPerNode) gaps.erase(gaps.begin());
    }

    /// The newest last.
    [[nodiscard]] std::vector<NodeGap> of(const std::string& node) const {
        const auto found = by_node_.find(node);
        return found == by_node_.end() ? std::vector<NodeGap>() : found->second;
    }

  private:
    std::map<std::string, std::vector<NodeGap>> by_node_;
};

}  // namespace upstream
