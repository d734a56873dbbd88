#include "support/certificates.h"

#include <cstdio>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <utility>

namespace support {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

void require(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

Key make_key() {
    Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    require(key != nullptr, "EVP_EC_gen");
    return key;
}

File open_file(const std::filesystem::path& path) {
    File file(std::fopen(path.c_str(), "w"), std::fclose);
    if (!file) throw std::runtime_error("cannot write " + path.string());
    return file;
}

void write_key(const std::filesystem::path& path, EVP_PKEY* key, const std::string& passphrase) {
    const auto file = open_file(path);
    const auto* const cipher = passphrase.empty() ? nullptr : EVP_aes_128_cbc();
    require(PEM_write_PKCS8PrivateKey(file.get(), key, cipher, passphrase.data(),
                                      static_cast<int>(passphrase.size()), nullptr, nullptr) == 1,
            "PEM_write_PKCS8PrivateKey");
}

void extend(X509* certificate, int what, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
    require(extension != nullptr, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/// Not signed yet.
Certificate draft(const CertificateWish& wish, EVP_PKEY* key) {
    Certificate certificate(X509_new(), X509_free);
    require(certificate != nullptr, "X509_new");
    X509_set_version(certificate.get(), X509_VERSION_3);
    std::uint32_t serial = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial | 1U);
    const auto seconds = [](std::chrono::hours time) { return std::chrono::seconds(time).count(); };
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), seconds(wish.valid_from));
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), seconds(wish.valid_until));
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(wish.name.c_str()), -1, -1, 0);
    X509_set_pubkey(certificate.get(), key);
    return certificate;
}

}  // namespace

CertificateAuthority::CertificateAuthority(std::filesystem::path folder, const std::string& name)
    : folder_(std::move(folder)),
      file_(folder_ / (name + ".pem")),
      key_(make_key()),
      certificate_(draft({.name = name}, key_.get())) {
    X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
    extend(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
    require(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) > 0, "X509_sign");
    PEM_write_X509(open_file(file_).get(), certificate_.get());
}

CertificateFiles CertificateAuthority::issue(const CertificateWish& wish) const {
    const auto key = make_key();
    const auto certificate = draft(wish, key.get());
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
    std::string hosts;
    for (const auto& host : wish.hosts) hosts += (hosts.empty() ? "" : ",") + host;
    extend(certificate.get(), NID_subject_alt_name, hosts);
    require(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0, "X509_sign");

    const CertificateFiles files{folder_ / (wish.name + ".pem"), folder_ / (wish.name + ".key")};
    const auto chain = open_file(files.certificate);
    PEM_write_X509(chain.get(), certificate.get());
    PEM_write_X509(chain.get(), certificate_.get());
    write_key(files.key, key.get(), wish.passphrase);
    return files;
}

}  // namespace support
