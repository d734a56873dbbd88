#include "admin/authorization.h"

#include <algorithm>
#include <cctype>
#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace admin {
namespace {

constexpr std::string_view kScheme = "bearer";

/// What stands behind "Bearer " (RFC 9110, section 11.4: the scheme in any case, then spaces).
std::optional<std::string_view> bearer_token(std::string_view authorization) {
    const auto same = [](unsigned char a, char b) { return std::tolower(a) == b; };
    if (authorization.size() <= kScheme.size() || authorization[kScheme.size()] != ' ') return std::nullopt;
    if (!std::ranges::equal(authorization.substr(0, kScheme.size()), kScheme, same)) return std::nullopt;
    authorization.remove_prefix(kScheme.size());
    authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
    return authorization;
}

}  // namespace

Authorization::Authorization(std::string_view token) {
    if (!token.empty()) expected_ = hash_of(token);
}

Authorization::Hash Authorization::hash_of(std::string_view token) {
    Hash hash;
    SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data());
    return hash;
}

std::optional<net::Refusal> Authorization::refuse(const net::Request& request) const {
    if (!expected_) {
        return net::Refusal{403,
                            "Changes by HTTP are off: set admin_server.token, or SIDECAR_ADMIN_TOKEN, and "
                            "start the sidecar again",
                            {}};
    }
    const auto given = bearer_token(request.header("authorization").value_or(""));
    if (!given) {
        return net::Refusal{401,
                            "This needs the header \"Authorization: Bearer TOKEN\" with the token of "
                            "admin_server.token",
                            {{"www-authenticate", "Bearer realm=\"event-sidecar\""}}};
    }
    const Hash hash = hash_of(*given);
    if (CRYPTO_memcmp(hash.data(), expected_->data(), hash.size()) == 0) return std::nullopt;
    return net::Refusal{401,
                        "The token is not that of admin_server.token",
                        {{"www-authenticate", "Bearer realm=\"event-sidecar\", error=\"invalid_token\""}}};
}

}  // namespace admin
