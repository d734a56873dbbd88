#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

/// The names of everything on one simulated chain: pure functions of its seed.
class Identity {
  public:
    Identity(std::uint64_t seed, std::size_t validators);

    [[nodiscard]] std::uint64_t seed() const { return seed_; }

    /// SHA-256 of the seed, the purpose and the numbers: 64 digits of lower-case hex.
    [[nodiscard]] std::string hash(std::string_view purpose, std::uint64_t a = 0, std::uint64_t b = 0) const;

    [[nodiscard]] std::string block_hash(std::uint64_t height) const { return hash("block", height); }
    [[nodiscard]] std::string deploy_hash(std::uint64_t height, std::uint64_t index) const {
        return hash("deploy", height, index);
    }

    /// Public keys with their algorithm's prefix: 01 (Ed25519, 66 digits) or, for some, 02 (secp256k1, 68
    /// digits).
    [[nodiscard]] std::string public_key(std::string_view purpose, std::uint64_t a) const;
    [[nodiscard]] const std::vector<std::string>& validators() const { return validators_; }

  private:
    std::uint64_t seed_;
    std::vector<std::string> validators_;
};

}  // namespace sim
