#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "storage/event_finder.h"

namespace admin {

/// A block of the log. What its payload does not tell is empty.
struct RecentBlock {
    base::EventId id = 0;
    base::KeyBytes hash_bytes;
    std::uint64_t height = 0;
    std::optional<std::uint64_t> era;
    std::string hash;      ///< in hex
    std::string time;      ///< of the chain, as the node wrote it
    std::string proposer;  ///< its public key
    std::optional<std::uint64_t> transactions;
    std::uint64_t signatures = 0;  ///< that are stored
    /// Settled: none came between the last two looks.
    enum class Signing { Unknown, GoesOn, Settled } signing = Signing::Unknown;
    std::chrono::sys_time<std::chrono::milliseconds> received_at;
};

/// The newest blocks of a log, read with as little work as possible: each payload once, and the signatures of
/// those blocks to which some still come, and of one of the others in turn. One thread at a time.
class RecentBlocks {
  public:
    static constexpr std::size_t kShown = 10;

    /// `finder` must outlive it.
    explicit RecentBlocks(const storage::EventFinder& finder) : finder_(finder) {}

    /// By height, the newest first. Blocks on the database. After an error, ask again.
    [[nodiscard]] base::Result<std::vector<RecentBlock>> read();

  private:
    [[nodiscard]] base::Result<void> read_blocks();
    [[nodiscard]] base::Result<void> count_signatures(RecentBlock& block);

    const storage::EventFinder& finder_;
    std::vector<RecentBlock> blocks_;  ///< the newest first
    std::size_t looked_at_ = 0;        ///< of the older ones, whose signatures are counted in turn
};

/// What a BlockAdded says.
[[nodiscard]] RecentBlock block_of(const storage::FoundEvent& event);

}  // namespace admin
