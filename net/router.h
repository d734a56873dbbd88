#pragma once

#include <cstddef>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/http_message.h"

namespace net {

/// One row of a server's table. A room derives from it to add columns of its own (a handler, a summary for
/// OpenAPI); the texts must outlive the router.
struct Route {
    std::string_view methods;  ///< "GET" or "GET, POST"; HEAD comes with GET, and OPTIONS always
    std::string_view pattern;  ///< "/block/{hash}": a segment is a word or one parameter
};

struct RouteMatch {
    std::size_t row = 0;                  ///< of the table
    std::vector<std::string> parameters;  ///< decoded, in the order of the pattern; never empty ones
};

/// Why a request goes to no row.
struct RouteMiss {
    enum class Reason {
        UnknownPath,
        BadEncoding,  ///< a parameter has a broken escape, a NUL, or is not UTF-8: 400
        WrongMethod,  ///< 405, with `allow`
        Options,      ///< 204, with `allow`, see options_response()
    };
    Reason reason = Reason::UnknownPath;
    std::string allow;  ///< "GET, HEAD, OPTIONS": what the path knows; WrongMethod and Options only
};

/// Finds the row of a table for a request: the first whose pattern fits the path and that has the method. The
/// path is cut into segments as it was sent, and only then each parameter is decoded (RFC 3986, section 2.4),
/// so that an encoded slash is part of its segment. One slash at the end is overlooked. `OPTIONS *` asks for
/// all of the table. A value; any thread.
class Router {
  public:
    /// Throws std::invalid_argument for a pattern that does not begin with a slash or has a broken parameter.
    template <std::ranges::input_range Rows>
    explicit Router(const Rows& rows) {
        for (const Route& row : rows) add(row);
    }

    [[nodiscard]] std::variant<RouteMatch, RouteMiss> find(std::string_view method,
                                                           std::string_view path) const;
    [[nodiscard]] std::variant<RouteMatch, RouteMiss> find(const Request& request) const {
        return find(request.method, request.path());
    }

  private:
    void add(const Route& row);

    std::vector<Route> rows_;
};

/// Undoes the percent-encoding of a segment (RFC 3986, section 2.1); '+' stays. Nothing when an escape is
/// broken, or the result is not UTF-8 or holds a NUL.
[[nodiscard]] std::optional<std::string> decode_segment(std::string_view segment);

}  // namespace net
