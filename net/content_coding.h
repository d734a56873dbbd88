#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "net/http_message.h"

namespace net {

enum class ContentCoding { Identity, Deflate, Gzip };

/// "gzip", as it stands in headers.
[[nodiscard]] std::string_view name_of(ContentCoding coding);

/// Below this, gzip does not pay.
inline constexpr std::size_t kLeastGzipped = 1024;

inline constexpr std::array kOnlyGzip{ContentCoding::Gzip};

/// What the value of Accept-Encoding prefers (RFC 9110, section 12.5.3) of identity and what is offered:
/// where several are equal the first one offered, then identity; identity too where none is acceptable, as a
/// server may. "deflate" is the zlib format (RFC 9110, section 8.4.1.2).
[[nodiscard]] ContentCoding preferred_coding(std::string_view accept_encoding,
                                             std::span<const ContentCoding> offered = kOnlyGzip);

/// The entity tag of the gzip form: `"x"` becomes `"x-gzip"`, as a strong tag stands for bytes.
[[nodiscard]] std::string gzip_etag(std::string_view etag);

/// RFC 1952.
[[nodiscard]] std::string gzip(std::string_view bytes);

/// The body in gzip. One above 256 KB is compressed piece by piece while it is written, and so is a streamed
/// one, whose pieces go out one by one.
[[nodiscard]] Body gzip_body(Body body);

/// What this client is to get of an answer: 304 without a body when it holds it already (If-None-Match
/// against the answer's etag, status 200 only), gzip where the client prefers it and the answer is worth it,
/// else the answer as it is; `Vary: Accept-Encoding` wherever the coding could have been another. Leaves
/// alone what has a content-encoding already, what is endless, and any 1xx, 204 and 304.
[[nodiscard]] Response negotiate(const Request& request, Response response);

}  // namespace net
