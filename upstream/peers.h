#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace upstream {

/// How far each node's chain has come, to compare them. Pure; one thread.
class Peers {
  public:
    using Clock = std::chrono::steady_clock;

    /// A node is lagging when it is more than this behind: one block may just be on its way.
    static constexpr std::uint64_t kTolerableLag = 1;

    /// The node's blocks are read from now on, or no longer.
    void reads_blocks(const std::string& node, bool reads, Clock::time_point now);
    void block(const std::string& node, std::uint64_t height, Clock::time_point now);
    void forget(const std::string& node) { nodes_.erase(node); }

    [[nodiscard]] std::optional<std::uint64_t> height(const std::string& node) const;
    /// Behind the newest block of the nodes that are read.
    [[nodiscard]] std::uint64_t blocks_behind(const std::string& node) const;
    [[nodiscard]] bool lagging(const std::string& node) const { return blocks_behind(node) > kTolerableLag; }

    /// The node's blocks are read and none came for `patience`, counted from the moment when another node
    /// that is read overtook it. When no node brings any, the chain has stalled, and no node; the last node
    /// that is read never stalls.
    [[nodiscard]] bool stalled(const std::string& node, Clock::duration patience,
                               Clock::time_point now) const;

  private:
    struct Progress {
        bool is_read = false;
        std::optional<std::uint64_t> height;
        /// No block came since, and another node is ahead.
        std::optional<Clock::time_point> overtaken_since;
    };

    [[nodiscard]] static bool is_ahead(const Progress& peer, const Progress& than);
    [[nodiscard]] bool is_overtaken(const Progress& node) const;
    void count_from(Progress& node, Clock::time_point now) const;

    std::map<std::string, Progress, std::less<>> nodes_;
};

}  // namespace upstream
