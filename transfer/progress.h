#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace transfer {

/// How far something is.
struct ProgressState {
    double done = 0;           ///< of 1; below 0: not known
    std::uint64_t events = 0;  ///< dealt with so far
    std::chrono::duration<double> elapsed{};
    std::string_view unit = "events";
};

/// "[=====>    ]  52.1 %  1,234,567 events  45,678 events/s  1:23 left"
[[nodiscard]] std::string progress_line(const ProgressState& state);

/// "1,234,567"
[[nodiscard]] std::string with_thousands(std::uint64_t number);

/// One line of a terminal that is written anew some times a second; nothing where there is no terminal.
class Progress {
  public:
    using Clock = std::chrono::steady_clock;
    using Write = std::function<void(std::string_view)>;

    /// `write` gets what the terminal is to show; none: there is no terminal.
    explicit Progress(Write write) : write_(std::move(write)) {}
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// What comes now begins at nothing done. `what` stands before the bar, `unit` is what update() counts.
    void begin(std::string what, std::string_view unit = "events", Clock::time_point now = Clock::now());
    void update(double done, std::uint64_t events, Clock::time_point now = Clock::now());
    /// Wipes the line, so that something else can be written there.
    void clear();

  private:
    Write write_;
    std::string what_;
    std::string unit_ = "events";
    Clock::time_point begun_ = Clock::now();
    std::optional<Clock::time_point> shown_;
};

/// Writes to standard error when that is a terminal.
[[nodiscard]] Progress::Write terminal_of_standard_error();

}  // namespace transfer
