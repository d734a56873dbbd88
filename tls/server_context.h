#pragma once

#include <memory>
#include <mutex>

#include "base/log.h"
#include "base/result.h"
#include "tls/options.h"
#include "tls/session.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace tls {

/// A server's certificate and key, and what it speaks: TLS from the oldest version allowed on, with the
/// ciphers that have forward secrecy and authentication (RFC 9325, section 4), session tickets, and
/// "http/1.1" by ALPN (RFC 7301). Thread-safe.
class ServerContext {
  public:
    /// An error names the file, what is wrong with it and the remedy. A certificate that is not valid at this
    /// time is a warning in the log.
    [[nodiscard]] static base::Result<std::shared_ptr<ServerContext>> load(const Options& options,
                                                                           base::Log log);

    /// New sessions have what the files hold now; those begun keep what they have. After an error nothing is
    /// changed.
    [[nodiscard]] base::Result<void> reload(const Options& options);

    /// A session that waits for a client.
    [[nodiscard]] std::unique_ptr<Session> new_session() const;

  private:
    using Shared = std::shared_ptr<ssl_ctx_st>;

    ServerContext(Shared context, base::Log log);
    [[nodiscard]] static base::Result<Shared> read(const Options& options, const base::Log& log);

    const base::Log log_;
    mutable std::mutex mutex_;
    Shared context_;  ///< guarded by mutex_
};

}  // namespace tls
