#include "sim/identity.h"

#include <array>
#include <openssl/sha.h>

namespace sim {

Identity::Identity(std::uint64_t seed, std::size_t validators) : seed_(seed) {
    validators_.reserve(validators);
    for (std::size_t i = 0; i < validators; ++i) validators_.push_back(public_key("validator", i));
}

std::string Identity::hash(std::string_view purpose, std::uint64_t a, std::uint64_t b) const {
    std::string text = std::to_string(seed_);
    text.append("/").append(purpose);
    text.append("/").append(std::to_string(a));
    text.append("/").append(std::to_string(b));
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());

    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * digest.size());
    for (const unsigned char byte : digest) {
        hex.push_back(kDigits[byte >> 4U]);
        hex.push_back(kDigits[byte & 0xfU]);
    }
    return hex;
}

std::string Identity::public_key(std::string_view purpose, std::uint64_t a) const {
    std::string digest = hash(purpose, a);
    // About one in eight keys of the real chain is a secp256k1 key: compressed, so it has a sign byte of its
    // own.
    const bool secp256k1 = digest[0] < '2';
    return (secp256k1 ? "0202" : "01") + digest;
}

}  // namespace sim
