#pragma once

#include <cstdint>

#include "base/event_traits.h"
#include "stream/frame.h"

namespace stream {

/// A set of kinds, one bit each.
class KindSet {
  public:
    constexpr KindSet() = default;
    [[nodiscard]] static constexpr KindSet all() { return KindSet(~0U); }

    constexpr void add(base::Kind kind) { bits_ |= bit(kind); }
    constexpr void remove(base::Kind kind) { bits_ &= ~bit(kind); }
    [[nodiscard]] constexpr bool contains(base::Kind kind) const { return (bits_ & bit(kind)) != 0; }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
    [[nodiscard]] constexpr KindSet operator&(const KindSet& other) const {
        return KindSet(bits_ & other.bits_);
    }
    constexpr bool operator==(const KindSet&) const = default;

  private:
    constexpr explicit KindSet(std::uint32_t bits) : bits_(bits) {}
    static constexpr std::uint32_t bit(base::Kind kind) { return 1U << static_cast<unsigned>(kind); }
    std::uint32_t bits_ = 0;
};

/// Which events of an endpoint a subscriber wants: of these kinds, with all values that are given here. What
/// is empty is not asked for. Only the kind decides of a Shutdown, which has no members.
struct EventFilter {
    KindSet kinds = KindSet::all();
    base::EventTraits traits{};

    bool operator==(const EventFilter&) const = default;
    [[nodiscard]] bool passes(base::Kind kind, const base::EventTraits& event) const;
    [[nodiscard]] bool passes(const Frame& frame) const { return passes(frame.kind(), frame.traits()); }
};

}  // namespace stream
