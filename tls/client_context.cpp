#include "tls/client_context.h"

#include <boost/asio/ip/address.hpp>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdexcept>

#include "tls/handles.h"

namespace tls {

ClientContext::ClientContext() : context_(make_context(TLS_client_method())) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_default_verify_paths(context_.get());
}

std::unique_ptr<Session> ClientContext::new_session(std::string_view host) const {
    if (host.ends_with('.')) host.remove_suffix(1);  // the root of DNS is no part of a certificate's name
    const std::string name(host.substr(0, host.find('%')));
    SSL* const ssl = make_ssl(context_.get());
    auto session = std::make_unique<Session>(ssl);
    boost::system::error_code not_an_address;
    boost::asio::ip::make_address(name, not_an_address);
    bool accepted = false;
    if (!not_an_address) {
        accepted = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1;
    } else {
        SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        accepted = SSL_set1_host(ssl, name.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
    }
    if (!accepted) throw std::invalid_argument("no host name: " + name);
    SSL_set_connect_state(ssl);
    return session;
}

}  // namespace tls
