#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "stream/subscriber_report.h"

namespace stream {

/// One of the places that subscribers may take, given back when the last copy goes, and the id of who takes
/// it.
struct Place {
    SubscriberId id = 0;
    std::shared_ptr<void> held;

    explicit operator bool() const { return held != nullptr; }
};

/// A place, or why there is none.
struct Taken {
    enum class Refusal { None, Full, TooManyOfAddress };
    Place place;
    Refusal refusal = Refusal::None;
};

/// Who may subscribe: so many at a time, and so many of one address. Thread-safe; a place may outlive it.
class Places {
  public:
    /// `most_per_address` 0: no limit of its own.
    Places(std::uint32_t most, std::uint32_t most_per_address);

    [[nodiscard]] Taken take(const std::string& address);

    /// Takes no lock.
    [[nodiscard]] std::uint32_t taken() const { return shared_->taken; }

  private:
    struct Shared {
        std::atomic<std::uint32_t> taken = 0;  // changed under the lock only
        std::mutex mutex;
        std::map<std::string, std::uint32_t> by_address;
        SubscriberId last_id = 0;
    };
    static void give_back(Shared& shared, const std::string& address);

    const std::uint32_t most_;
    const std::uint32_t most_per_address_;
    const std::shared_ptr<Shared> shared_;
};

}  // namespace stream
