#include "net/http_date.h"

#include <array>
#include <fmt/format.h>

namespace net {
namespace {

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

std::string_view HttpDate::at(std::chrono::system_clock::time_point time) {
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    if (second == second_ && !text_.empty()) return text_;
    second_ = second;
    const auto day = std::chrono::floor<std::chrono::days>(second);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(second - day);
    text_ = fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                        kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                        kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                        clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    return text_;
}

}  // namespace net
