#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY
struct x509_st;      // OpenSSL's X509

namespace support {

struct CertificateFiles {
    std::filesystem::path certificate;
    std::filesystem::path key;
};

/// What a certificate is to be like.
struct CertificateWish {
    std::string name = "sidecar";  ///< of its subject, and of its files
    std::vector<std::string> hosts{"DNS:localhost", "IP:127.0.0.1"};
    std::chrono::hours valid_from{-1};  ///< from now
    std::chrono::hours valid_until{24};
    std::string passphrase;  ///< of the key; empty: not encrypted
};

/// A certificate authority of the test's own, whose certificates nobody else accepts.
class CertificateAuthority {
  public:
    /// Writes its own certificate into the folder.
    explicit CertificateAuthority(std::filesystem::path folder, const std::string& name = "test authority");

    /// To be trusted by those who accept what it issues.
    [[nodiscard]] const std::filesystem::path& file() const { return file_; }

    /// Writes NAME.pem and NAME.key into the folder, over what is there.
    [[nodiscard]] CertificateFiles issue(const CertificateWish& wish = {}) const;

  private:
    std::filesystem::path folder_;
    std::filesystem::path file_;
    std::shared_ptr<evp_pkey_st> key_;
    std::shared_ptr<x509_st> certificate_;
};

}  // namespace support
