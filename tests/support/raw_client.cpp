#include "support/raw_client.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "support/system_call.h"

namespace support {
namespace {

using Clock = std::chrono::steady_clock;

std::string dechunked(std::string_view rest) {
    std::string out;
    for (;;) {
        const auto line_end = rest.find("\r\n");
        if (line_end == std::string_view::npos) return out;
        const std::size_t size = std::stoul(std::string(rest.substr(0, line_end)), nullptr, 16);
        if (size == 0) return out;
        rest.remove_prefix(line_end + 2);
        out += rest.substr(0, size);
        if (rest.size() < size + 2) return out;
        rest.remove_prefix(size + 2);
    }
}

}  // namespace

RawClient::RawClient(std::uint16_t port, int receive_buffer)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) fail("socket");
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        ::close(fd_);
        errno = error;
        fail("connect");
    }
}

RawClient::~RawClient() {
    ssl_.reset();
    if (fd_ >= 0) ::close(fd_);
}

RawClient::RawClient(RawClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      ssl_(std::move(other.ssl_)),
      closed_(other.closed_),
      ended_properly_(other.ended_properly_),
      received_(std::move(other.received_)) {}

void RawClient::start_tls(const TlsExpectation& expectation) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to what the server may have closed
    const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()),
                                                               SSL_CTX_free);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_load_verify_file(context.get(), expectation.authority.c_str());
    if (expectation.only_tls12) SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>("\x02h2\x08http/1.1"), 12);
    ssl_.reset(SSL_new(context.get()), SSL_free);
    SSL_set1_host(ssl_.get(), expectation.host.c_str());
    SSL_set_tlsext_host_name(ssl_.get(), expectation.host.c_str());
    SSL_set_fd(ssl_.get(), fd_);
    ERR_clear_error();
    if (SSL_connect(ssl_.get()) == 1) return;
    const auto verified = SSL_get_verify_result(ssl_.get());
    const auto* const reason = verified == X509_V_OK ? ERR_reason_error_string(ERR_get_error())
                                                     : X509_verify_cert_error_string(verified);
    throw std::runtime_error(reason != nullptr ? reason : "the server ended the handshake");
}

std::string RawClient::certificate_name() const {
    std::array<char, 200> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(ssl_.get())), NID_commonName,
                              name.data(), static_cast<int>(name.size()));
    return name.data();
}

std::string RawClient::tls_version() const {
    return SSL_get_version(ssl_.get());
}

std::string RawClient::tls_protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

void RawClient::update_keys() {
    SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED);
    if (SSL_do_handshake(ssl_.get()) != 1) throw std::runtime_error("the keys were not updated");
}

void RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const long sent = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                               : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) fail("send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool RawClient::read_some(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd waiting{fd_, POLLIN, 0};
    const bool has_some = ssl_ && SSL_pending(ssl_.get()) > 0;
    if (!has_some && (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0))
        return false;
    std::array<char, 65536> buffer{};
    const auto size = receive(buffer.data(), buffer.size());
    if (size <= 0) {
        closed_ = true;
        return false;
    }
    received_.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
}

long RawClient::receive(char* room, std::size_t size) {
    if (!ssl_) return ::recv(fd_, room, size, 0);
    const int got = SSL_read(ssl_.get(), room, static_cast<int>(size));
    ended_properly_ = SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN;
    return got;
}

bool RawClient::read_until(const std::function<bool(const std::string&)>& enough,
                           std::chrono::milliseconds patience) {
    const auto deadline = Clock::now() + patience;
    while (!enough(received_)) {
        if (closed_ || !read_some(deadline)) return enough(received_);
    }
    return true;
}

bool RawClient::read_until_contains(std::string_view text, std::chrono::milliseconds patience) {
    std::size_t searched = 0;
    const auto contains = [&](const std::string& all) {
        if (all.find(text, searched) != std::string::npos) return true;
        // Nothing is searched twice, but for what may be the beginning of the text.
        searched = all.size() - std::min(all.size(), text.size());
        return false;
    };
    return read_until(contains, patience);
}

bool RawClient::read_to_end(std::chrono::milliseconds patience) {
    const auto deadline = Clock::now() + patience;
    while (!closed_) {
        if (!read_some(deadline) && !closed_) return false;
    }
    return true;
}

std::string fetch(std::uint16_t port, std::string_view request_line_and_headers) {
    return fetch(RawClient(port), request_line_and_headers);
}

std::string fetch(RawClient client, std::string_view request_line_and_headers) {
    client.send(std::string(request_line_and_headers) + "host: localhost\r\nconnection: close\r\n\r\n");
    if (!client.read_to_end()) throw std::runtime_error("no end of the answer: " + client.received());
    return client.received();
}

std::string head_of(const std::string& response) {
    return response.substr(0, response.find("\r\n\r\n") + 2);
}

std::string body_of(const std::string& response) {
    const auto end = response.find("\r\n\r\n");
    if (end == std::string::npos) return {};
    const auto body = response.substr(end + 4);
    return head_of(response).find("transfer-encoding: chunked") == std::string::npos ? body : dechunked(body);
}

}  // namespace support
