#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace support {

/// A TCP client that does exactly what it is told: bytes out, bytes in, every wait with a deadline.
class RawClient {
  public:
    static constexpr std::chrono::seconds kPatience{20};

    /// Throws when nobody listens. `receive_buffer` > 0 sets SO_RCVBUF, for clients that shall be slow.
    explicit RawClient(std::uint16_t port, int receive_buffer = 0);
    ~RawClient();
    RawClient(RawClient&& other) noexcept;
    RawClient& operator=(RawClient&&) = delete;
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

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
    void forget_received() { received_.clear(); }

  private:
    bool read_some(std::chrono::steady_clock::time_point deadline);

    int fd_ = -1;
    bool closed_ = false;
    std::string received_;
};

/// One request over a connection of its own, the answer whole ("Connection: close").
[[nodiscard]] std::string fetch(std::uint16_t port, std::string_view request_line_and_headers);

/// The body of an HTTP/1.1 response head + body, dechunked as far as it goes.
[[nodiscard]] std::string head_of(const std::string& response);
[[nodiscard]] std::string body_of(const std::string& response);

}  // namespace support
