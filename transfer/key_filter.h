#pragma once

#include <cstdint>
#include <vector>

#include "base/event.h"

namespace transfer {

/// A Bloom filter of natural keys: tells of each key whether it may have come before, in a fixed amount of
/// memory (32 MiB). Never wrong about one that did; among ten million keys wrong about one in some thousands
/// that did not.
class KeyFilter {
  public:
    KeyFilter() : bits_(kWords) {}

    /// Adds the key; whether it may have been there.
    [[nodiscard]] bool add(base::Kind kind, const base::NaturalKey& key);

  private:
    static constexpr std::size_t kWords = std::size_t{1} << 22U;

    std::vector<std::uint64_t> bits_;
};

}  // namespace transfer
