#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/body.h"

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
    /// The target's path, not decoded; of an absolute form (RFC 9112, section 3.2.2) too.
    [[nodiscard]] std::string_view path() const;
    [[nodiscard]] std::string_view query() const;  ///< what stands behind '?', not decoded
};

struct Response {
    unsigned status = 200;
    Headers headers;  ///< what frames the body (content-length, transfer-encoding) the server adds
    Body body;
    bool endless = false;  ///< HEAD of a stream: no length is announced
};

[[nodiscard]] Response text_response(unsigned status, std::string body);
[[nodiscard]] Response json_response(unsigned status, std::string body);

/// The bytes of a string or of a shared body; none of a streamed one, which has none yet.
[[nodiscard]] std::string_view bytes_of(const Body& body);

/// Why a request is answered without its handler, or in its place.
struct Refusal {
    unsigned status = 400;
    std::string message;  ///< a sentence without a line's end
    Headers headers;      ///< for instance retry-after
};

/// Writes a refusal in the form that a server speaks. The request is what was read of it: all, without the
/// body, or, where it is not valid HTTP, nothing.
using RefusalWriter = std::function<Response(const Refusal& refusal, const Request& request)>;

/// The message and a line's end, as text.
[[nodiscard]] Response text_refusal(const Refusal& refusal, const Request& request);
/// {"code":404,"message":"..."}
[[nodiscard]] Response json_refusal(const Refusal& refusal, const Request& request);

/// "OK" for 200 (RFC 9110, section 15); "Unknown" for a status not listed there.
[[nodiscard]] std::string_view reason_phrase(unsigned status);

/// Adds what the header does not list yet, for instance to "vary: Origin" (RFC 9110, section 5.3).
void add_to_list(Headers& headers, std::string_view name, std::string_view value);

/// In decimal.
void append_number(std::string& out, std::uint64_t number);

/// Adds a response's status line and headers, each with its line's end.
void append_head(std::string& out, unsigned version, unsigned status, const Headers& headers);

/// The bytes of a response's head: status line, headers, empty line.
[[nodiscard]] std::string serialize_head(unsigned version, unsigned status, const Headers& headers);

/// The fields of a query string, decoded (application/x-www-form-urlencoded), in order; none for an empty
/// one. No value when an escape is broken.
[[nodiscard]] std::optional<Headers> parse_query(std::string_view query);

}  // namespace net
