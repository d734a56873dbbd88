#pragma once

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

#include "support/certificates.h"
#include "tls/client_context.h"
#include "tls/server_context.h"
#include "tls/session.h"

namespace tls::testing {

inline Options options_of(const support::CertificateFiles& files) {
    return {.certificate_file = files.certificate, .private_key_file = files.key};
}

/// A client that trusts that authority alone.
inline ClientContext trusting(const std::filesystem::path& authority) {
    ::setenv("SSL_CERT_FILE", authority.c_str(), 1);
    ::setenv("SSL_CERT_DIR", "/nonexistent", 1);
    return {};
}

/// One side of a connection.
struct End {
    std::unique_ptr<Session> session;
    int descriptor = -1;

    [[nodiscard]] Progress write(std::string_view bytes) const {
        const std::array buffers{boost::asio::buffer(bytes)};
        return session->write(descriptor, buffers);
    }
    [[nodiscard]] Progress handshake() const { return session->handshake(descriptor); }
    /// Appends what one read gives.
    [[nodiscard]] Progress read(std::string& to) const {
        std::array<char, 32 * 1024> room{};
        const auto progress = session->read(descriptor, boost::asio::buffer(room));
        to.append(room.data(), progress.bytes);
        return progress;
    }
};

/// A server and a client, on the two ends of one connection.
class SessionPair {
  public:
    SessionPair(std::unique_ptr<Session> server_session, std::unique_ptr<Session> client_session) {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            throw std::system_error(errno, std::generic_category(), "socketpair");
        }
        server = {std::move(server_session), ends[0]};
        client = {std::move(client_session), ends[1]};
    }
    ~SessionPair() {
        ::close(server.descriptor);
        ::close(client.descriptor);
    }
    SessionPair(const SessionPair&) = delete;
    SessionPair& operator=(const SessionPair&) = delete;

    /// The client's end of it, once both are done or one has failed.
    [[nodiscard]] boost::system::error_code shake_hands() const {
        for (int step = 0; step < 20; ++step) {
            const auto from_client = client.handshake();
            const auto from_server = server.handshake();
            if (from_client.error) return from_client.error;
            if (from_server.error) return client.handshake().error;
            const bool done = from_client.needs == Progress::Needs::Nothing &&
                              from_server.needs == Progress::Needs::Nothing;
            if (done) return {};
        }
        throw std::runtime_error("the handshake does not end");
    }

    End server;
    End client;
};

}  // namespace tls::testing
