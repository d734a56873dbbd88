#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace net {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The value of the header of that name (any case); the first, if there are several.
[[nodiscard]] std::optional<std::string_view> find_header(const Headers& headers, std::string_view name);

struct Request {
    std::string method;     ///< "GET"
    std::string target;     ///< as sent, for instance "/events/main?start_from=5"
    unsigned version = 11;  ///< 10 or 11
    Headers headers;
    std::string body;
    std::string peer;  ///< the client's address, without the port

    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
        return find_header(headers, name);
    }
    [[nodiscard]] std::string_view path() const;   ///< the target up to '?', not decoded
    [[nodiscard]] std::string_view query() const;  ///< what stands behind '?', not decoded
};

struct Response {
    unsigned status = 200;
    Headers headers;  ///< content-length and connection are added by the server
    std::string body;
    bool endless = false;  ///< HEAD of a stream: no length is announced
};

[[nodiscard]] Response text_response(unsigned status, std::string body);
[[nodiscard]] Response json_response(unsigned status, std::string body);

/// "OK" for 200 (RFC 9110, section 15); "Unknown" for a status not listed there.
[[nodiscard]] std::string_view reason_phrase(unsigned status);

/// The bytes of a response's head: status line, headers, empty line.
[[nodiscard]] std::string serialize_head(unsigned version, unsigned status, const Headers& headers);

/// The fields of a query string, decoded (application/x-www-form-urlencoded), in order; none for an empty
/// one. No value when an escape is broken.
[[nodiscard]] std::optional<Headers> parse_query(std::string_view query);

}  // namespace net
