#include "net/http_message.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/format.h>
#include <iterator>

namespace net {
namespace {

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

std::optional<std::string> decode_form(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            out.push_back(' ');
            continue;
        }
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const auto high = hex_digit(text[i + 1]);
        const auto low = hex_digit(text[i + 2]);
        if (!high || !low) return std::nullopt;
        out.push_back(static_cast<char>(*high * 16 + *low));
        i += 2;
    }
    return out;
}

}  // namespace

std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) {
    for (const auto& [key, value] : headers) {
        if (boost::beast::iequals(key, name)) return value;
    }
    return std::nullopt;
}

std::string_view Request::path() const {
    const std::string_view view = target;
    return view.substr(0, view.find('?'));
}

std::string_view Request::query() const {
    const std::string_view view = target;
    const auto mark = view.find('?');
    return mark == std::string_view::npos ? std::string_view{} : view.substr(mark + 1);
}

Response text_response(unsigned status, std::string body) {
    return {status, {{"content-type", "text/plain; charset=utf-8"}}, std::move(body), false};
}

Response json_response(unsigned status, std::string body) {
    return {status, {{"content-type", "application/json"}}, std::move(body), false};
}

std::string_view reason_phrase(unsigned status) {
    const auto phrase = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    return {phrase.data(), phrase.size()};
}

std::string serialize_head(unsigned version, unsigned status, const Headers& headers) {
    std::string head =
        fmt::format("HTTP/{}.{} {} {}\r\n", version / 10, version % 10, status, reason_phrase(status));
    for (const auto& [name, value] : headers)
        fmt::format_to(std::back_inserter(head), "{}: {}\r\n", name, value);
    head += "\r\n";
    return head;
}

std::optional<Headers> parse_query(std::string_view query) {
    Headers fields;
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto part = query.substr(0, end);
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
        if (part.empty()) continue;

        const auto equals = part.find('=');
        auto name = decode_form(part.substr(0, equals));
        auto value = equals == std::string_view::npos ? std::string{} : decode_form(part.substr(equals + 1));
        if (!name || !value) return std::nullopt;
        fields.emplace_back(std::move(*name), std::move(*value));
    }
    return fields;
}

}  // namespace net
