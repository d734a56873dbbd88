#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "net/body.h"
#include "rest/content.h"
#include "storage/event_finder.h"

namespace rest {

/// Reads large payloads, and knows how much of them is in memory. Thread-safe.
class LargePayloads {
  public:
    static constexpr std::size_t kMostBytes = std::size_t{256} << 20;

    /// The finder must outlive it; what it gave may outlive it.
    explicit LargePayloads(const storage::EventFinder& finder, std::size_t most_bytes = kMostBytes)
        : finder_(finder), most_bytes_(most_bytes) {}

    /// Blocks on the database. Errors as those of EventFinder::read_large(), and Unavailable where the event
    /// was deleted meanwhile.
    [[nodiscard]] base::Result<net::SharedBody> read(const LargePart& part);

    /// Whether answers under way hold so much that none with another large payload is to be begun.
    [[nodiscard]] bool full();

  private:
    const storage::EventFinder& finder_;
    const std::size_t most_bytes_;
    std::mutex mutex_;
    std::map<std::uint64_t, std::weak_ptr<const std::string>> held_;
};

}  // namespace rest
