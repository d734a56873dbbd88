#include "upstream/json_visit.h"

#include <cstddef>

namespace upstream {

namespace ondemand = simdjson::ondemand;

namespace {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_hex_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Takes one digit or more off the front.
bool take_digits(std::string_view& text) {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count])) ++count;
    text.remove_prefix(count);
    return count > 0;
}

bool take(std::string_view& text, char expected) {
    if (text.empty() || text.front() != expected) return false;
    text.remove_prefix(1);
    return true;
}

bool is_number(std::string_view text) {
    take(text, '-');
    if (!take(text, '0') && !take_digits(text)) return false;
    if (take(text, '.') && !take_digits(text)) return false;
    if (take(text, 'e') || take(text, 'E')) {
        if (!take(text, '+')) take(text, '-');
        if (!take_digits(text)) return false;
    }
    return text.empty();
}

/// Takes what follows a backslash off the front.
bool take_escape(std::string_view& text) {
    if (text.empty()) return false;
    const char kind = text.front();
    text.remove_prefix(1);
    if (kind != 'u') return std::string_view(R"("\/bfnrt)").find(kind) != std::string_view::npos;
    if (text.size() < 4) return false;
    for (const char c : text.substr(0, 4)) {
        if (!is_hex_digit(c)) return false;
    }
    text.remove_prefix(4);
    return true;
}

bool is_string(std::string_view token) {
    if (token.size() < 2 || token.back() != '"') return false;
    auto text = token.substr(1, token.size() - 2);
    for (auto backslash = text.find('\\'); backslash != std::string_view::npos; backslash = text.find('\\')) {
        text.remove_prefix(backslash + 1);
        if (!take_escape(text)) return false;
    }
    return true;
}

simdjson::error_code check_object(ondemand::value value, int depth) {
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return error;
    for (auto result : object) {
        ondemand::field field;
        if (const auto error = std::move(result).get(field)) return error;
        if (const auto error = field.unescaped_key().error()) return error;
        if (const auto error = check_value(field.value(), depth + 1)) return error;
    }
    return simdjson::SUCCESS;
}

simdjson::error_code check_array(ondemand::value value, int depth) {
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) return error;
    for (auto result : array) {
        ondemand::value element;
        if (const auto error = std::move(result).get(element)) return error;
        if (const auto error = check_value(element, depth + 1)) return error;
    }
    return simdjson::SUCCESS;
}

}  // namespace

bool is_valid_scalar(std::string_view token) {
    if (token.empty()) return false;
    if (token.front() == '"') return is_string(token);
    if (token == "null" || token == "true" || token == "false") return true;
    return is_number(token);
}

std::string_view scalar_token(ondemand::value& value) {
    auto token = value.raw_json_token();
    while (!token.empty() && std::string_view(" \t\r\n").find(token.back()) != std::string_view::npos) {
        token.remove_suffix(1);
    }
    return token;
}

simdjson::error_code check_value(ondemand::value value, int depth) {
    if (depth > kDeepest) return simdjson::DEPTH_ERROR;
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return error;
    switch (type) {
        case ondemand::json_type::object:
            return check_object(value, depth);
        case ondemand::json_type::array:
            return check_array(value, depth);
        default:
            break;
    }
    return is_valid_scalar(scalar_token(value)) ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

}  // namespace upstream
