#include "base/rfc3339.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace base {
namespace {

/// Takes so many digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    int number = 0;
    if (text.size() < digits) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
    if (error != std::errc{} || end != text.data() + digits || text.front() == '-') return std::nullopt;
    text.remove_prefix(digits);
    return number;
}

/// The number behind this character.
std::optional<int> take_number_after(char c, std::string_view& text, std::size_t digits) {
    if (!text.starts_with(c)) return std::nullopt;
    text.remove_prefix(1);
    return take_number(text, digits);
}

/// What may stand between the seconds and the "Z".
std::optional<std::chrono::milliseconds> take_fraction(std::string_view& text) {
    if (!text.starts_with('.')) return std::chrono::milliseconds(0);
    text.remove_prefix(1);
    const auto count = std::min(text.find_first_not_of("0123456789"), text.size());
    if (count == 0) return std::nullopt;
    int milliseconds = 0;
    for (std::size_t i = 0; i < 3; ++i) milliseconds = milliseconds * 10 + (i < count ? text[i] - '0' : 0);
    text.remove_prefix(count);
    return std::chrono::milliseconds(milliseconds);
}

}  // namespace

std::string rfc3339(std::chrono::sys_time<std::chrono::milliseconds> time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_rfc3339(std::string_view text) {
    const auto year = take_number(text, 4);
    const auto month = take_number_after('-', text, 2);
    const auto day = take_number_after('-', text, 2);
    const auto hour = take_number_after('T', text, 2);
    const auto minute = take_number_after(':', text, 2);
    const auto second = take_number_after(':', text, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    const auto fraction = take_fraction(text);
    if (!fraction || text != "Z") return std::nullopt;

    const std::chrono::year_month_day date(std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)});
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second) + *fraction;
}

}  // namespace base
