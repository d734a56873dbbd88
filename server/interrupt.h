#pragma once

namespace server {

/// SIGINT and SIGTERM as a wish to end, for the commands that run a while. They interrupt a blocking read; a
/// second one ends the process at once.
class Interrupt {
  public:
    static constexpr int kExitCode = 130;  ///< as shells have it for SIGINT

    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    [[nodiscard]] bool came() const;
};

}  // namespace server
