#include "server/config_key.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <limits>

#include "net/client_address.h"

namespace server {
namespace {

/// sockaddr_un holds 108 bytes with the final zero.
constexpr std::size_t kMaxSocketPath = 107;

bool is_ip_address(const std::string& text) {
    boost::system::error_code error;
    boost::asio::ip::make_address(text, error);
    return !error;
}

bool is_host_label(std::string_view label) {
    constexpr std::size_t kMaxLabel = 63;
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    };
    return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), allowed);
}

/// RFC 1123, with the underscore that container networks use. One that ends in a number is an IPv4 address
/// that was mistyped.
bool is_host_name(std::string_view text) {
    constexpr std::size_t kMaxName = 253;
    if (text.size() > kMaxName) return false;
    if (text.ends_with('.')) text.remove_suffix(1);
    while (true) {
        const auto dot = text.find('.');
        const auto label = text.substr(0, dot);
        if (!is_host_label(label)) return false;
        if (dot == std::string_view::npos) {
            return !std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
        }
        text.remove_prefix(dot + 1);
    }
}

bool has_format(TextFormat format, const std::string& text) {
    switch (format) {
        case TextFormat::Any:
            return true;
        case TextFormat::NotEmpty:
            return !text.empty();
        case TextFormat::IpAddress:
            return is_ip_address(text);
        case TextFormat::Host:
            return is_ip_address(text) || is_host_name(text);
        case TextFormat::SocketPath:
            return !text.empty() && text.size() <= kMaxSocketPath;
        case TextFormat::Network:
            return net::is_address_or_network(text);
    }
    return false;
}

std::string join(const std::vector<std::string_view>& choices, std::string_view last_separator) {
    std::string text;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (i > 0) text += i + 1 == choices.size() ? last_separator : std::string_view(", ");
        text += quote(choices[i]);
    }
    return text;
}

std::string expected_integer(const KeyRule& rule) {
    constexpr std::int64_t kMaxPort = 65535;
    if (rule.min == 1 && rule.max == kMaxPort) return "a port, 1 to 65535";
    if (rule.max == kNoLimit) return "an integer, " + std::to_string(rule.min) + " or more";
    return "an integer, " + std::to_string(rule.min) + " to " + std::to_string(rule.max);
}

std::string expected_string(const KeyRule& rule) {
    if (!rule.choices.empty()) return join(rule.choices, " or ");
    switch (rule.format) {
        case TextFormat::Any:
            return "a string";
        case TextFormat::NotEmpty:
            return "a string that is not empty";
        case TextFormat::IpAddress:
            return "an IP address such as \"127.0.0.1\" or \"::1\"";
        case TextFormat::Host:
            return "an IP address or a host name";
        case TextFormat::SocketPath:
            return "a path of 1 to " + std::to_string(kMaxSocketPath) + " bytes";
        case TextFormat::Network:
            return "addresses such as \"10.0.0.1\" and networks such as \"10.0.0.0/8\"";
    }
    return {};
}

bool is_good(const KeyRule& rule, const std::string& text) {
    if (rule.choices.empty()) return has_format(rule.format, text);
    return std::find(rule.choices.begin(), rule.choices.end(), text) != rule.choices.end();
}

std::string shown(const KeyRule& rule, const std::string& text) {
    if (text.empty()) return "is empty";
    return rule.secret ? "is not allowed" : "is " + quote(text);
}

}  // namespace

std::string expected(const KeyRow& row) {
    switch (row.type) {
        case ValueType::Boolean:
            return "true or false";
        case ValueType::Integer:
            return expected_integer(row.rule);
        case ValueType::String:
            return expected_string(row.rule);
        case ValueType::StringList:
            return "a list of " +
                   (row.rule.choices.empty() ? expected_string(row.rule) : join(row.rule.choices, " and "));
    }
    return {};
}

std::optional<std::string> fault_of(const KeyRow& row, const ConfigValue& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        using Limits =
            std::numeric_limits<std::int64_t>;  // what toml11 makes of a number that it cannot hold
        if (*number == Limits::max() || *number == Limits::min()) return "is beyond 64 bits";
        if (*number < row.rule.min || *number > row.rule.max) return "is " + std::to_string(*number);
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
        if (!is_good(row.rule, *text)) return shown(row.rule, *text);
    }
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
        for (const auto& element : *list) {
            if (!is_good(row.rule, element)) return "holds " + quote(element);
        }
    }
    return std::nullopt;
}

std::string quote(std::string_view text) {
    constexpr std::size_t kMaxShown = 80;
    std::string result = "\"";
    for (const char c : text.substr(0, kMaxShown)) {
        const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        result += control ? '?' : c;
    }
    if (text.size() > kMaxShown) result += "…";
    return result + "\"";
}

}  // namespace server
