#pragma once

#include <simdjson.h>
#include <string_view>

namespace upstream {

/// Whether the token is a string, number or literal of RFC 8259, given that simdjson found where it begins
/// and ends and that it is UTF-8 without bare control characters.
[[nodiscard]] bool is_valid_scalar(std::string_view token);

/// The value's token without the white space behind it.
[[nodiscard]] std::string_view scalar_token(simdjson::ondemand::value& value);

/// Reads the value to its end and checks all of it, which simdjson by itself does only with what is asked
/// for.
[[nodiscard]] simdjson::error_code check_value(simdjson::ondemand::value value, int depth);

/// Values nested deeper than this are refused.
inline constexpr int kDeepest = 256;

}  // namespace upstream
