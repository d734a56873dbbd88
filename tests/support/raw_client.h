#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;  // OpenSSL's SSL

namespace support {

/// What a client over TLS expects of the server, and what it speaks itself.
struct TlsExpectation {
    std::filesystem::path authority;  ///< whose certificates it accepts
    std::string host = "localhost";
    bool only_tls12 = false;
};

/// A TCP client that does exactly what it is told: bytes out, bytes in, every wait with a deadline.
class RawClient {
  public:
    static constexpr std::chrono::seconds kPatience{60};

    /// Throws when nobody listens. `receive_buffer` > 0 sets SO_RCVBUF, for clients that shall be slow.
    explicit RawClient(std::uint16_t port, int receive_buffer = 0);
    ~RawClient();
    RawClient(RawClient&& other) noexcept;
    RawClient& operator=(RawClient&&) = delete;
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    /// From here on everything goes over TLS. Throws, with the reason, when the handshake fails.
    void start_tls(const TlsExpectation& expectation);
    /// The name in the subject of the server's certificate.
    [[nodiscard]] std::string certificate_name() const;
    /// "TLSv1.3"
    [[nodiscard]] std::string tls_version() const;
    /// "http/1.1", as agreed on by ALPN
    [[nodiscard]] std::string tls_protocol() const;
    /// Changes its keys and asks the server to do so, too (RFC 8446, 4.6.3).
    void update_keys();

    void send(std::string_view bytes);

    /// Reads until the condition holds for all that was received so far; false at the deadline or when the
    /// server closes before.
    bool read_until(const std::function<bool(const std::string&)>& enough,
                    std::chrono::milliseconds patience = kPatience);
    bool read_until_contains(std::string_view text, std::chrono::milliseconds patience = kPatience);
    /// Reads to the end; false at the deadline.
    bool read_to_end(std::chrono::milliseconds patience = kPatience);

    [[nodiscard]] const std::string& received() const { return received_; }
    [[nodiscard]] bool closed() const { return closed_; }
    /// Over TLS: the server said that it ends, so that nothing was cut off.
    [[nodiscard]] bool ended_properly() const { return ended_properly_; }
    void forget_received() { received_.clear(); }

  private:
    bool read_some(std::chrono::steady_clock::time_point deadline);
    [[nodiscard]] long receive(char* room, std::size_t size);

    int fd_ = -1;
    std::shared_ptr<ssl_st> ssl_;  ///< none: plain
    bool closed_ = false;
    bool ended_properly_ = false;
    std::string received_;
};

/// One request over a connection of its own, the answer whole ("Connection: close").
[[nodiscard]] std::string fetch(std::uint16_t port, std::string_view request_line_and_headers);
[[nodiscard]] std::string fetch(RawClient client, std::string_view request_line_and_headers);

/// The body of an HTTP/1.1 response head + body, dechunked as far as it goes.
[[nodiscard]] std::string head_of(const std::string& response);
[[nodiscard]] std::string body_of(const std::string& response);

}  // namespace support
