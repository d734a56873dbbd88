#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "net/http_message.h"

namespace admin {

/// Whether a request may change something: it bears the configured token (RFC 6750, section 2.1). A value;
/// any thread. Of the token it keeps a hash only.
class Authorization {
  public:
    /// Empty: nobody may change anything.
    explicit Authorization(std::string_view token);

    /// Why it may not: 403 where there is no token, 401 where the request has none or a wrong one. The time
    /// that it takes tells nothing of the token.
    [[nodiscard]] std::optional<net::Refusal> refuse(const net::Request& request) const;

  private:
    using Hash = std::array<unsigned char, 32>;
    [[nodiscard]] static Hash hash_of(std::string_view token);

    std::optional<Hash> expected_;
};

}  // namespace admin
