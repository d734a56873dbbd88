#include "tls/server_context.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>

#include "tls/handles.h"

namespace tls {
namespace {

/// Those of TLS 1.2 with forward secrecy and authenticated encryption (RFC 9325, 4.2); TLS 1.3 has no others.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr std::string_view kProtocol = "\x08http/1.1";  // as RFC 7301 writes it, with its length

constexpr std::string_view kCertificate = "certificate";
constexpr std::string_view kPrivateKey = "private key";

base::Error wrong(std::string_view thing, const std::string& file, std::string_view what,
                  std::string_view remedy) {
    return base::invalid(fmt::format("TLS: the {} file {} {}; {}", thing, file, what, remedy));
}

base::Result<std::string> read_whole(std::string_view thing, const std::string& file) {
    const auto unreadable = [&] {
        return wrong(thing, file, fmt::format("cannot be read: {}", std::generic_category().message(errno)),
                     "correct the path, or let the sidecar's user read the file");
    };
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return unreadable();
    std::string text;
    std::array<char, 4096> part{};
    ssize_t size = 0;
    while ((size = ::read(descriptor, part.data(), part.size())) > 0) {
        text.append(part.data(), static_cast<std::size_t>(size));
    }
    const auto error = size < 0 ? unreadable() : base::Error{};
    ::close(descriptor);
    if (size < 0) return error;
    return text;
}

BioHandle view_of(const std::string& text) {
    return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// OpenSSL asks for a passphrase by calling this; nobody is there to be asked.
int note_passphrase(char*, int, int, void* asked) {
    if (asked != nullptr) *static_cast<bool*>(asked) = true;
    return -1;
}

std::string text_of(const ASN1_TIME* time) {
    const BioHandle out(BIO_new(BIO_s_mem()));
    ASN1_TIME_print(out.get(), time);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

void describe(X509* certificate, const std::string& file, const base::Log& log) {
    const auto* const begin = X509_get0_notBefore(certificate);
    const auto* const end = X509_get0_notAfter(certificate);
    if (X509_cmp_current_time(end) < 0) {
        log->warn(
            "TLS: the certificate of {} expired on {}, clients will not accept it; renew it and send SIGHUP",
            file, text_of(end));
    } else if (X509_cmp_current_time(begin) > 0) {
        log->warn("TLS: the certificate of {} is valid from {} on, clients will not accept it before", file,
                  text_of(begin));
    } else {
        log->info("TLS: the certificate of {} is valid until {}", file, text_of(end));
    }
}

/// The server's own certificate; all of the file goes into the context.
base::Result<CertificateHandle> use_chain(SSL_CTX* context, const std::string& file) {
    const auto text = read_whole(kCertificate, file);
    if (!text) return text.error();
    const auto in = view_of(*text);
    CertificateHandle own(PEM_read_bio_X509_AUX(in.get(), nullptr, note_passphrase, nullptr));
    if (!own) {
        return wrong(kCertificate, file, "holds no certificate in PEM form",
                     "give the chain that the certificate authority issued, the server's own first");
    }
    if (SSL_CTX_use_certificate(context, own.get()) != 1) {
        return wrong(kCertificate, file, fmt::format("holds a certificate of no use: {}", first_reason()),
                     "have another issued");
    }
    for (;;) {
        CertificateHandle issuer(PEM_read_bio_X509(in.get(), nullptr, note_passphrase, nullptr));
        if (!issuer) break;
        if (SSL_CTX_add0_chain_cert(context, issuer.get()) != 1) {
            return wrong(kCertificate, file,
                         fmt::format("holds an issuer's certificate of no use: {}", first_reason()),
                         "give the chain as it was issued");
        }
        static_cast<void>(issuer.release());
    }
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!at_end) {
        return wrong(kCertificate, file, "is damaged after its first certificate",
                     "give the chain as it was issued");
    }
    return own;
}

base::Result<void> use_key(SSL_CTX* context, X509* certificate, const Options& options) {
    const auto& file = options.private_key_file;
    const auto text = read_whole(kPrivateKey, file);
    if (!text) return text.error();
    bool is_encrypted = false;
    const KeyHandle key(
        PEM_read_bio_PrivateKey(view_of(*text).get(), nullptr, note_passphrase, &is_encrypted));
    if (is_encrypted) {
        return wrong(kPrivateKey, file, "is encrypted, and nobody is there to give its passphrase",
                     "store it without one: openssl pkey -in FILE -out NEW_FILE");
    }
    if (!key) {
        return wrong(kPrivateKey, file, "holds no private key in PEM form",
                     "give the key that the certificate was issued for");
    }
    if (X509_check_private_key(certificate, key.get()) != 1) {
        return wrong(kPrivateKey, file,
                     fmt::format("does not match the first certificate of {}", options.certificate_file),
                     "give the key that this certificate was issued for; the server's own certificate must "
                     "stand first in its file");
    }
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
        return wrong(kPrivateKey, file, fmt::format("is of no use: {}", first_reason()), "make another");
    }
    return {};
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
    const auto* const own = reinterpret_cast<const unsigned char*>(kProtocol.data());
    const int result = SSL_select_next_proto(const_cast<unsigned char**>(out), out_size, own,
                                             static_cast<unsigned>(kProtocol.size()), offered, offered_size);
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

ServerContext::ServerContext(Shared context, base::Log log)
    : log_(std::move(log)), context_(std::move(context)) {}

base::Result<std::shared_ptr<ServerContext>> ServerContext::load(const Options& options, base::Log log) {
    auto context = read(options, log);
    if (!context) return context.error();
    return std::shared_ptr<ServerContext>(new ServerContext(std::move(*context), std::move(log)));
}

base::Result<void> ServerContext::reload(const Options& options) {
    auto context = read(options, log_);
    if (!context) return context.error();
    const std::lock_guard lock(mutex_);
    context_ = std::move(*context);
    return {};
}

base::Result<ServerContext::Shared> ServerContext::read(const Options& options, const base::Log& log) {
    ERR_clear_error();
    auto context = make_context(TLS_server_method());
    if (options.min_version == MinVersion::Tls13) {
        SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    }
    SSL_CTX_set_cipher_list(context.get(), kCiphers);
    SSL_CTX_set1_groups_list(context.get(), kGroups);
    SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    const auto certificate = use_chain(context.get(), options.certificate_file);
    if (!certificate) return certificate.error();
    if (const auto key = use_key(context.get(), certificate->get(), options); !key) return key.error();
    describe(certificate->get(), options.certificate_file, log);
    return context;
}

std::unique_ptr<Session> ServerContext::new_session() const {
    const auto context = [this] {
        const std::lock_guard lock(mutex_);
        return context_;
    }();
    SSL* const ssl = make_ssl(context.get());
    auto session = std::make_unique<Session>(ssl);
    SSL_set_accept_state(ssl);
    return session;
}

}  // namespace tls
