#include "tls/handles.h"

#include <new>
#include <openssl/err.h>

namespace tls {

std::string first_reason() {
    const char* const reason = ERR_reason_error_string(ERR_peek_error());
    return reason != nullptr ? reason : "no reason given";
}

std::shared_ptr<SSL_CTX> make_context(const SSL_METHOD* method) {
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(method), SSL_CTX_free);
    if (!context) throw std::bad_alloc();
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    // A session that waits for its peer gives its buffers back.
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    return context;
}

SSL* make_ssl(SSL_CTX* context) {
    SSL* const ssl = SSL_new(context);
    if (ssl == nullptr) throw std::bad_alloc();
    return ssl;
}

}  // namespace tls
