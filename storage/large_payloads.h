#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"

namespace storage {

/// Large payloads as they are read: who asks for one that another thread just reads, or that somebody still
/// holds, gets the same copy. At most two are read at a time; others wait. Thread-safe.
class LargePayloads {
  public:
    using Payload = std::shared_ptr<const std::string>;
    /// None: there is none of that number. Called by several threads at a time.
    using Read = std::function<base::Result<std::optional<std::string>>(std::uint64_t number)>;

    explicit LargePayloads(Read read) : read_(std::move(read)) {}

    [[nodiscard]] base::Result<Payload> get(std::uint64_t number);

  private:
    static constexpr std::size_t kMostReads = 2;

    [[nodiscard]] Payload copy_of(std::uint64_t number) const;

    const Read read_;
    std::mutex mutex_;
    std::condition_variable ended_;
    std::set<std::uint64_t> being_read_;
    std::map<std::uint64_t, std::weak_ptr<const std::string>> copies_;
};

}  // namespace storage
