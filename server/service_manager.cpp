#include "server/service_manager.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <systemd/sd-daemon.h>
#include <utility>

namespace server {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr int kKeepVariables = 0;
constexpr std::chrono::seconds kLongestInterval{10};

std::chrono::microseconds watchdog_time() {
    std::uint64_t microseconds = 0;
    if (sd_watchdog_enabled(kKeepVariables, &microseconds) <= 0) return {};
    return std::chrono::microseconds(microseconds);
}

/// As Type=notify-reload of later versions asks for it.
std::uint64_t monotonic_microseconds() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

/// What cannot be told is not worth a line: systemd itself then says that it heard nothing.
void tell(const std::string& text) {
    sd_notify(kKeepVariables, text.c_str());
}

}  // namespace

ServiceManager::ServiceManager(asio::io_context& main, const LoopWatch& watch,
                               std::function<std::string()> status)
    : watch_(watch),
      status_(std::move(status)),
      is_there_(std::getenv("NOTIFY_SOCKET") != nullptr),
      watchdog_(watchdog_time()),
      timer_(main) {}

void ServiceManager::ready() {
    if (!is_there_) return;
    tell("READY=1\n" + status_line());
    if (!std::exchange(feeding_, true)) feed();
}

void ServiceManager::reloading() {
    if (!is_there_) return;
    tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=reading the configuration again",
                     monotonic_microseconds()));
}

void ServiceManager::stopping() {
    if (!is_there_) return;
    feeding_ = false;
    timer_.cancel();
    tell("STOPPING=1\nSTATUS=stopping");
}

void ServiceManager::feed() {
    const bool may_feed = watchdog_.count() > 0 && watch_.stuck().empty();
    tell(may_feed ? "WATCHDOG=1\n" + status_line() : status_line());
    feed_later();
}

/// At half of the time, as sd_watchdog_enabled(3) advises; the status is kept fresh without a watchdog, too.
void ServiceManager::feed_later() {
    const std::chrono::microseconds longest = kLongestInterval;
    timer_.expires_after(watchdog_.count() > 0 ? std::min(watchdog_ / 2, longest) : longest);
    timer_.async_wait([this](error_code error) {
        if (!error && feeding_) feed();
    });
}

std::string ServiceManager::status_line() const {
    const auto stuck = watch_.stuck();
    auto line = "STATUS=" + (stuck.empty() ? status_() : fmt::format("stuck: {}", fmt::join(stuck, ", ")));
    std::ranges::replace(line, '\n', ' ');
    return line;
}

}  // namespace server
