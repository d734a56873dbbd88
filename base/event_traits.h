#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/event.h"

namespace base {

/// Up to `Most` bytes, copied by value. Of more it keeps none.
template <std::size_t Most>
class InlineBytes {
  public:
    constexpr InlineBytes() = default;
    explicit InlineBytes(std::span<const std::uint8_t> bytes) {
        if (bytes.size() > Most) return;
        std::ranges::copy(bytes, bytes_.begin());
        size_ = static_cast<std::uint8_t>(bytes.size());
    }

    [[nodiscard]] std::span<const std::uint8_t> span() const { return {bytes_.data(), size_}; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    bool operator==(const InlineBytes&) const = default;

  private:
    std::uint8_t size_ = 0;
    std::array<std::uint8_t, Most> bytes_{};  // zero behind the size
};

using HashBytes = InlineBytes<32>;
using AccountBytes = InlineBytes<34>;

/// By what readers choose events, beside the kind: the value of each member, empty where the event has none
/// or one that is longer than a hash or key can be.
struct EventTraits {
    std::optional<std::uint64_t> era;
    AccountBytes account;
    HashBytes deploy_hash;
    bool operator==(const EventTraits&) const = default;
};

enum class Trait : std::uint8_t { Era, Account, DeployHash };
inline constexpr std::array kTraits{Trait::Era, Trait::Account, Trait::DeployHash};

/// Whether events of this kind have it.
[[nodiscard]] constexpr bool has_trait(Kind kind, Trait trait) {
    switch (trait) {
        case Trait::Era:
            return kind == Kind::BlockAdded || kind == Kind::FinalitySignature || kind == Kind::Fault ||
                   kind == Kind::Step;
        case Trait::Account:
            return kind == Kind::DeployAccepted || kind == Kind::DeployProcessed;
        case Trait::DeployHash:
            return kind == Kind::DeployAccepted || kind == Kind::DeployProcessed ||
                   kind == Kind::DeployExpired;
    }
    return false;
}

[[nodiscard]] inline EventTraits traits_of(const Event& event) {
    EventTraits traits;
    traits.era = event.era;
    traits.account = AccountBytes(event.account);
    if (has_trait(event.kind, Trait::DeployHash)) traits.deploy_hash = HashBytes(event.key.first);
    return traits;
}

}  // namespace base
