#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tls/session.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace tls {

/// Whom a client trusts: the system's store of certificates as it was when this was made, or that of the
/// environment's SSL_CERT_FILE and SSL_CERT_DIR. TLS 1.2 and newer. Thread-safe.
class ClientContext {
  public:
    ClientContext();

    /// A session that begins with that server, whose certificate must be for this host name (RFC 6125) or IP
    /// address. Session::explain() tells why one was not accepted.
    [[nodiscard]] std::unique_ptr<Session> new_session(std::string_view host) const;

  private:
    std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace tls
