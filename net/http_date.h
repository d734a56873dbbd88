#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace net {

/// The time as the Date header has it (RFC 9110, section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT". Writes it
/// anew once a second. One thread.
class HttpDate {
  public:
    /// Valid until the next call.
    [[nodiscard]] std::string_view at(std::chrono::system_clock::time_point time);

  private:
    std::chrono::sys_seconds second_{};
    std::string text_;
};

}  // namespace net
