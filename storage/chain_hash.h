#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <openssl/types.h>
#include <optional>
#include <string>
#include <string_view>

#include "base/event.h"

namespace storage {

/// A SHA-256 (FIPS 180-4).
using Digest = std::array<std::uint8_t, 32>;

/// Computes them one after the other. One thread.
class Sha256 {
  public:
    Sha256();
    [[nodiscard]] Digest of(std::string_view bytes);

  private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const;
    };
    std::unique_ptr<EVP_MD_CTX, Free> context_;
};

[[nodiscard]] Digest sha256(std::string_view bytes);

/// What stands behind the id among the bytes of chain_hash(); without the payload's digest, where there is
/// none yet.
[[nodiscard]] std::string chain_tail(base::Kind kind, const base::NaturalKey& key,
                                     const std::optional<Digest>& payload);

/// The hash over a log up to an event: of the bytes
///   previous (32) | id (8, big-endian) | kind (1) | size of key.first (1) | key.first
///   | size of key.second (1) | key.second | sha256 of the payload (32).
/// Before the first event it is 32 zero bytes. Two logs that give the same hash hold the same events.
[[nodiscard]] Digest chain_hash(Sha256& sha256, const Digest& previous, base::EventId id, base::Kind kind,
                                const base::NaturalKey& key, const Digest& payload);

}  // namespace storage
