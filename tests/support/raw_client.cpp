#include "support/raw_client.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace support {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

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
    if (fd_ >= 0) ::close(fd_);
}

RawClient::RawClient(RawClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), closed_(other.closed_), received_(std::move(other.received_)) {}

void RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) fail("send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool RawClient::read_some(Clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd waiting{fd_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return false;
    std::array<char, 65536> buffer{};
    const auto size = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (size <= 0) {
        closed_ = true;
        return false;
    }
    received_.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
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
    RawClient client(port);
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
