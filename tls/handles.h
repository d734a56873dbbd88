#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string>

namespace tls {

/// Frees what OpenSSL made. For this room's sources only.
template <auto free>
struct FreeBy {
    template <class T>
    void operator()(T* object) const {
        free(object);
    }
};

using BioHandle = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;
using CertificateHandle = std::unique_ptr<X509, FreeBy<X509_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;

/// The reason of the first error that OpenSSL noted since they were cleared.
[[nodiscard]] std::string first_reason();

/// A context of TLS 1.2 and newer; throws when there is no memory for it.
[[nodiscard]] std::shared_ptr<SSL_CTX> make_context(const SSL_METHOD* method);

/// Throws when there is no memory for it.
[[nodiscard]] SSL* make_ssl(SSL_CTX* context);

}  // namespace tls
