#include "transfer/progress.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace transfer {

namespace {

using namespace std::chrono_literals;

constexpr int kBarWidth = 30;
constexpr auto kBetweenLines = 100ms;
constexpr std::string_view kWipe = "\r\x1b[K";

std::string bar(double done) {
    const auto filled = static_cast<std::size_t>(std::clamp(done, 0.0, 1.0) * kBarWidth);
    std::string text(filled, '=');
    if (filled < kBarWidth) text += '>';
    text.resize(kBarWidth, ' ');
    return fmt::format("[{}]", text);
}

std::string clock_time(double seconds) {
    const auto all = static_cast<std::uint64_t>(seconds + 0.5);
    if (all >= 3600) return fmt::format("{}:{:02}:{:02}", all / 3600, all / 60 % 60, all % 60);
    return fmt::format("{}:{:02}", all / 60, all % 60);
}

}  // namespace

std::string with_thousands(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
        text.insert(static_cast<std::size_t>(at), 1, ',');
    return text;
}

std::string progress_line(const ProgressState& state) {
    const double seconds = std::max(state.elapsed.count(), 1e-3);
    std::string line;
    if (state.done >= 0)
        line = fmt::format("{} {:5.1f} %  ", bar(state.done), 100 * std::min(state.done, 1.0));
    line += fmt::format(
        "{0} {2}  {1} {2}/s", with_thousands(state.events),
        with_thousands(static_cast<std::uint64_t>(static_cast<double>(state.events) / seconds)), state.unit);
    if (state.done > 0 && state.done <= 1)
        line += fmt::format("  {} left", clock_time(seconds / state.done * (1 - state.done)));
    return line;
}

void Progress::begin(std::string what, std::string_view unit, Clock::time_point now) {
    clear();
    what_ = std::move(what);
    unit_ = unit;
    begun_ = now;
}

void Progress::update(double done, std::uint64_t events, Clock::time_point now) {
    if (!write_ || (shown_ && now - *shown_ < kBetweenLines)) return;
    shown_ = now;
    write_(
        fmt::format("{}{}  {}", kWipe, what_,
                    progress_line({.done = done, .events = events, .elapsed = now - begun_, .unit = unit_})));
}

void Progress::clear() {
    if (write_ && shown_) write_(kWipe);
    shown_.reset();
}

Progress::Write terminal_of_standard_error() {
    if (::isatty(STDERR_FILENO) == 0) return {};
    return [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); };
}

}  // namespace transfer
