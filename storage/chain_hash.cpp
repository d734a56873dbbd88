#include "storage/chain_hash.h"

#include <openssl/sha.h>
#include <string>

namespace storage {

namespace {

void append_sized(std::string& bytes, const base::KeyBytes& part) {
    bytes += static_cast<char>(part.size());
    bytes.append(reinterpret_cast<const char*>(part.data()), part.size());
}

}  // namespace

Digest sha256(std::string_view bytes) {
    Digest digest;
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    return digest;
}

std::string chain_tail(base::Kind kind, const base::NaturalKey& key, const std::optional<Digest>& payload) {
    std::string bytes;
    bytes.reserve(128);
    bytes += static_cast<char>(kind);
    append_sized(bytes, key.first);
    append_sized(bytes, key.second);
    if (payload) bytes.append(payload->begin(), payload->end());
    return bytes;
}

Digest chain_hash(const Digest& previous, base::EventId id, base::Kind kind, const base::NaturalKey& key,
                  const Digest& payload) {
    std::string bytes(previous.begin(), previous.end());
    for (int shift = 56; shift >= 0; shift -= 8)
        bytes += static_cast<char>(id >> static_cast<unsigned>(shift));
    return sha256(bytes + chain_tail(kind, key, payload));
}

}  // namespace storage
