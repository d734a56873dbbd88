#pragma once

#include <string_view>

#include "net/http_message.h"

namespace net {

/// What a server lets pages of other origins do (https://fetch.spec.whatwg.org/#http-cors-protocol).
struct CorsPolicy {
    std::string_view request_headers;  ///< what a preflight allows that does not ask for any by name
    std::string_view exposed_headers;  ///< of answers, beside the ones that a page may read anyway
};

/// Lets the page that sent the request read its answer, errors too: its origin in
/// access-control-allow-origin. Nothing for a request without `Origin`.
void add_cors(const Request& request, const CorsPolicy& policy, Headers& headers);

/// 204 to OPTIONS, with Allow; a preflight is granted the headers that it asks for and the methods of this
/// path, `allow`.
[[nodiscard]] Response options_response(const Request& request, const CorsPolicy& policy,
                                        std::string_view allow);

}  // namespace net
