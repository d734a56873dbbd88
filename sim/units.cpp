#include "sim/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/rfc3339.h"

namespace sim {
namespace {

struct Unit {
    std::string_view name;
    double factor;
};

constexpr std::array<Unit, 6> kDurations{
    {{"ns", 1.0}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};

constexpr std::array<Unit, 9> kSizes{{{"", 1.0},
                                      {"B", 1.0},
                                      {"K", 1e3},
                                      {"KB", 1e3},
                                      {"KiB", 1024.0},
                                      {"M", 1e6},
                                      {"MB", 1e6},
                                      {"MiB", 1024.0 * 1024.0},
                                      {"GB", 1e9}}};

// Far beyond what is ever wanted, and safely inside 63 bits.
constexpr double kGreatest = 4e18;

template <std::size_t N>
std::optional<double> scaled(std::string_view text, const std::array<Unit, N>& units) {
    double number = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    if (error != std::errc{} || number < 0) return std::nullopt;
    const std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
    if (suffix.empty() && number == 0) return 0.0;
    for (const auto& unit : units) {
        const double value = number * unit.factor;
        if (unit.name == suffix && value < kGreatest) return std::round(value);
    }
    return std::nullopt;
}

}  // namespace

base::Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    const auto value = scaled(text, kDurations);
    if (!value) {
        return base::invalid("'" + std::string(text) +
                             "' is not a duration; write for instance 200ms, 15s or 2m");
    }
    return std::chrono::nanoseconds(static_cast<std::int64_t>(*value));
}

base::Result<std::uint64_t> parse_size(std::string_view text) {
    const auto value = scaled(text, kSizes);
    if (!value) {
        return base::invalid("'" + std::string(text) +
                             "' is not a size; write for instance 345, 64KB or 30MB");
    }
    return static_cast<std::uint64_t>(*value);
}

base::Result<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || rest != end) {
        return base::invalid("'" + std::string(text) + "' is not a whole number");
    }
    return value;
}

std::string rfc3339(std::chrono::milliseconds since_epoch) {
    return base::rfc3339(std::chrono::sys_time<std::chrono::milliseconds>(since_epoch));
}

}  // namespace sim
