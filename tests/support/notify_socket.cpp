#include "support/notify_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace support {

NotifySocket::NotifySocket(std::filesystem::path path) : path_(std::move(path)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.native().size() >= sizeof address.sun_path) {
        throw std::system_error(ENAMETOOLONG, std::generic_category(), path_.string());
    }
    std::memcpy(address.sun_path, path_.c_str(), path_.native().size());
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0 || ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw std::system_error(errno, std::generic_category(), path_.string());
    }
}

NotifySocket::~NotifySocket() {
    if (fd_ >= 0) ::close(fd_);
}

std::string NotifySocket::next(std::chrono::milliseconds patience) {
    pollfd wanted{.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&wanted, 1, static_cast<int>(patience.count())) != 1) return {};
    std::array<char, 4096> room{};
    const auto size = ::recv(fd_, room.data(), room.size(), 0);
    return size > 0 ? std::string(room.data(), static_cast<std::size_t>(size)) : std::string();
}

bool NotifySocket::wait_for(std::string_view line, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        if (says(next(left), line)) return true;
    }
}

bool says(std::string_view message, std::string_view line) {
    if (message.starts_with(line)) return true;
    return message.find("\n" + std::string(line)) != std::string_view::npos;
}

}  // namespace support
