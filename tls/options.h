#pragma once

#include <cstdint>
#include <string>

namespace tls {

/// The oldest version of the protocol that is spoken.
enum class MinVersion : std::uint8_t { Tls12, Tls13 };

/// What a server shows of itself.
struct Options {
    std::string certificate_file;  ///< PEM: the server's own certificate, then those that vouch for it
    std::string private_key_file;  ///< PEM, not encrypted
    MinVersion min_version = MinVersion::Tls12;
};

}  // namespace tls
