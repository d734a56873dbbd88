#include "net/http_message.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/format.h>
#include <iterator>

#include "base/trimmed.h"
#include "net/percent_encoding.h"

namespace net {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20) {
            out += "\\u00";
            out += kHexDigits[byte >> 4];
            out += kHexDigits[byte & 15];
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

/// Whether a list's value (RFC 9110, section 5.6.1) has this element, in any case.
bool lists(std::string_view list, std::string_view element) {
    while (!list.empty()) {
        const auto end = list.find(',');
        const auto part = base::trimmed(list.substr(0, end), base::kHeaderBlanks);
        list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
        if (boost::beast::iequals(part, element)) return true;
    }
    return false;
}

bool is_http(std::string_view scheme) {
    return boost::beast::iequals(scheme, "http") || boost::beast::iequals(scheme, "https");
}

}  // namespace

std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) {
    for (const auto& [key, value] : headers) {
        if (boost::beast::iequals(key, name)) return value;
    }
    return std::nullopt;
}

std::string_view Request::path() const {
    std::string_view view = target;
    view = view.substr(0, view.find('?'));
    const auto scheme = view.substr(0, view.find("://"));
    if (scheme == view || !is_http(scheme)) return view;
    const auto path = view.find('/', scheme.size() + 3);
    return path == std::string_view::npos ? "/" : view.substr(path);
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

std::string_view bytes_of(const Body& body) {
    if (const auto* text = std::get_if<std::string>(&body)) return *text;
    if (const auto* shared = std::get_if<SharedBody>(&body)) return shared->bytes;
    return {};
}

Response text_refusal(const Refusal& refusal, const Request&) {
    Response response = text_response(refusal.status, refusal.message + "\n");
    std::ranges::copy(refusal.headers, std::back_inserter(response.headers));
    return response;
}

Response json_refusal(const Refusal& refusal, const Request&) {
    std::string body = fmt::format("{{\"code\":{},\"message\":", refusal.status);
    append_json_string(body, refusal.message);
    body += '}';
    Response response = json_response(refusal.status, std::move(body));
    std::ranges::copy(refusal.headers, std::back_inserter(response.headers));
    return response;
}

std::string_view reason_phrase(unsigned status) {
    const auto phrase = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    return {phrase.data(), phrase.size()};
}

void add_to_list(Headers& headers, std::string_view name, std::string_view value) {
    for (auto& [key, list] : headers) {
        if (!boost::beast::iequals(key, name)) continue;
        if (!lists(list, value)) list.append(", ").append(value);
        return;
    }
    headers.emplace_back(name, value);
}

void append_number(std::string& out, std::uint64_t number) {
    const fmt::format_int text(number);
    out.append(text.data(), text.size());
}

void append_head(std::string& out, unsigned version, unsigned status, const Headers& headers) {
    out += version == 10 ? "HTTP/1.0 " : "HTTP/1.1 ";
    append_number(out, status);
    out.append(" ").append(reason_phrase(status)).append("\r\n");
    for (const auto& [name, value] : headers) out.append(name).append(": ").append(value).append("\r\n");
}

std::string serialize_head(unsigned version, unsigned status, const Headers& headers) {
    std::string head;
    append_head(head, version, status, headers);
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
        auto name = percent_decoded(part.substr(0, equals), Plus::IsSpace);
        auto value = equals == std::string_view::npos
                         ? std::string{}
                         : percent_decoded(part.substr(equals + 1), Plus::IsSpace);
        if (!name || !value) return std::nullopt;
        fields.emplace_back(std::move(*name), std::move(*value));
    }
    return fields;
}

}  // namespace net
