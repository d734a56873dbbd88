#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// The socket on which systemd listens to its services (sd_notify(3)). Its path goes into NOTIFY_SOCKET.
class NotifySocket {
  public:
    /// Makes the socket's file.
    explicit NotifySocket(std::filesystem::path path);
    ~NotifySocket();
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// The next message; empty at the deadline.
    [[nodiscard]] std::string next(std::chrono::milliseconds patience = std::chrono::seconds(20));
    /// Reads up to a message that holds this line, or that line's beginning; false at the deadline.
    [[nodiscard]] bool wait_for(std::string_view line,
                                std::chrono::milliseconds patience = std::chrono::seconds(20));

  private:
    std::filesystem::path path_;
    int fd_ = -1;
};

/// Whether a line of the message begins with this.
[[nodiscard]] bool says(std::string_view message, std::string_view line);

}  // namespace support
