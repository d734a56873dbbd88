#include "storage/chain_hash.h"

#include <boost/container/static_vector.hpp>
#include <openssl/evp.h>
#include <stdexcept>

namespace storage {

namespace {

/// The longest link: two keys of 40 bytes at most.
using Link = boost::container::static_vector<std::uint8_t, 256>;

void append(Link& link, auto&& bytes) {
    link.insert(link.end(), bytes.begin(), bytes.end());
}

void append_sized(Link& link, const base::KeyBytes& part) {
    link.push_back(static_cast<std::uint8_t>(part.size()));
    append(link, part);
}

Link tail_of(base::Kind kind, const base::NaturalKey& key, const std::optional<Digest>& payload) {
    Link tail;
    tail.push_back(static_cast<std::uint8_t>(kind));
    append_sized(tail, key.first);
    append_sized(tail, key.second);
    if (payload) append(tail, *payload);
    return tail;
}

}  // namespace

void Sha256::Free::operator()(EVP_MD_CTX* context) const {
    EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("OpenSSL has no SHA-256");
}

Digest Sha256::of(std::string_view bytes) {
    Digest digest;
    // Without a name it begins anew with the algorithm it has, which is not looked up again.
    const bool done = EVP_DigestInit_ex(context_.get(), nullptr, nullptr) == 1 &&
                      EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1 &&
                      EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1;
    if (!done) throw std::runtime_error("OpenSSL failed to compute a SHA-256");
    return digest;
}

Digest sha256(std::string_view bytes) {
    return Sha256().of(bytes);
}

std::string chain_tail(base::Kind kind, const base::NaturalKey& key, const std::optional<Digest>& payload) {
    const auto tail = tail_of(kind, key, payload);
    return {tail.begin(), tail.end()};
}

Digest chain_hash(Sha256& sha256, const Digest& previous, base::EventId id, base::Kind kind,
                  const base::NaturalKey& key, const Digest& payload) {
    Link link;
    append(link, previous);
    for (unsigned shift = 64; shift > 0; shift -= 8)
        link.push_back(static_cast<std::uint8_t>(id >> (shift - 8)));
    append(link, tail_of(kind, key, payload));
    return sha256.of({reinterpret_cast<const char*>(link.data()), link.size()});
}

}  // namespace storage
