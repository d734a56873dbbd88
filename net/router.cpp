#include "net/router.h"

#include <algorithm>
#include <fmt/format.h>
#include <stdexcept>

#include "net/percent_encoding.h"

namespace net {
namespace {

std::string_view without_last_slash(std::string_view path) {
    return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

/// Cuts the first segment off, and gives it without its slash.
std::string_view next_segment(std::string_view& path) {
    const auto end = std::min(path.find('/', 1), path.size());
    const auto segment = path.substr(1, end - 1);
    path.remove_prefix(end);
    return segment;
}

bool is_parameter(std::string_view segment) {
    return segment.starts_with('{');
}

bool fits(std::string_view pattern, std::string_view path) {
    while (!pattern.empty() && !path.empty()) {
        const auto expected = next_segment(pattern);
        const auto segment = next_segment(path);
        if (is_parameter(expected) ? segment.empty() : segment != expected) return false;
    }
    return pattern.empty() && path.empty();
}

std::optional<std::vector<std::string>> parameters_of(std::string_view pattern, std::string_view path) {
    std::vector<std::string> parameters;
    while (!pattern.empty()) {
        const auto expected = next_segment(pattern);
        const auto segment = next_segment(path);
        if (!is_parameter(expected)) continue;
        auto decoded = decode_segment(segment);
        if (!decoded) return std::nullopt;
        parameters.push_back(std::move(*decoded));
    }
    return parameters;
}

/// The methods of a row one by one.
template <class Visitor>
void each_method(std::string_view methods, Visitor visit) {
    while (!methods.empty()) {
        const auto end = std::min(methods.find(", "), methods.size());
        visit(methods.substr(0, end));
        methods.remove_prefix(std::min(end + 2, methods.size()));
    }
}

bool has_method(std::string_view methods, std::string_view wanted) {
    bool found = false;
    each_method(methods, [&](std::string_view method) {
        found = found || method == wanted || (method == "GET" && wanted == "HEAD");
    });
    return found;
}

/// The methods of some rows, each once.
class Allow {
  public:
    void add(const Route& row) {
        each_method(row.methods, [this](std::string_view method) {
            add(method);
            if (method == "GET") add("HEAD");
        });
    }
    [[nodiscard]] bool empty() const { return methods_.empty(); }
    [[nodiscard]] std::string text() && {
        add("OPTIONS");
        return fmt::format("{}", fmt::join(methods_, ", "));
    }

  private:
    void add(std::string_view method) {
        if (std::ranges::find(methods_, method) == methods_.end()) methods_.push_back(method);
    }

    std::vector<std::string_view> methods_;
};

}  // namespace

void Router::add(const Route& row) {
    const auto refuse = [&](std::string_view why) {
        throw std::invalid_argument(fmt::format("route {}: {}", row.pattern, why));
    };
    if (!row.pattern.starts_with('/')) refuse("does not begin with a slash");
    for (auto rest = row.pattern; !rest.empty();) {
        const auto segment = next_segment(rest);
        const bool whole = segment.size() > 2 && segment.starts_with('{') && segment.ends_with('}');
        if (!whole && segment.find_first_of("{}") != std::string_view::npos) {
            refuse("a parameter is a segment of its own, {name}");
        }
    }
    rows_.push_back({row.methods, without_last_slash(row.pattern)});
}

std::variant<RouteMatch, RouteMiss> Router::find(std::string_view method, std::string_view path) const {
    using Reason = RouteMiss::Reason;
    const bool whole_server = path == "*" && method == "OPTIONS";
    if (!whole_server && !path.starts_with('/')) return RouteMiss{Reason::UnknownPath, {}};
    path = without_last_slash(path);

    Allow allow;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        if (!whole_server && !fits(rows_[row].pattern, path)) continue;
        if (whole_server || !has_method(rows_[row].methods, method)) {
            allow.add(rows_[row]);
            continue;
        }
        auto parameters = parameters_of(rows_[row].pattern, path);
        if (!parameters) return RouteMiss{Reason::BadEncoding, {}};
        return RouteMatch{row, std::move(*parameters)};
    }
    if (allow.empty()) return RouteMiss{Reason::UnknownPath, {}};
    return RouteMiss{method == "OPTIONS" ? Reason::Options : Reason::WrongMethod, std::move(allow).text()};
}

std::optional<std::string> decode_segment(std::string_view segment) {
    auto decoded = percent_decoded(segment);
    if (!decoded || decoded->find('\0') != std::string::npos || !is_utf8(*decoded)) return std::nullopt;
    return decoded;
}

}  // namespace net
