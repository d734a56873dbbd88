#pragma once

#include <string_view>

#include "net/http_message.h"

namespace net {

/// Whether the value of If-None-Match names this entity tag (RFC 9110, section 13.1.2): weak comparison, a
/// list, or
/// `*`. Stops at the first thing that is no entity tag. A tag and the one of its gzip form (gzip_etag())
/// are taken as the same.
[[nodiscard]] bool names_etag(std::string_view if_none_match, std::string_view etag);

/// Whether the client of this GET or HEAD holds what has this entity tag. Ask before an answer is made whose
/// tag is known without it, and give not_modified() then.
[[nodiscard]] bool holds(const Request& request, std::string_view etag);

/// 304 in place of this answer, with those of its headers that belong to one (RFC 9110, section 15.4.5) and
/// those of CORS.
[[nodiscard]] Response not_modified(Response response);

}  // namespace net
