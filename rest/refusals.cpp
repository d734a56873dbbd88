#include "rest/refusals.h"

#include <fmt/format.h>
#include <stdexcept>

namespace rest {
namespace {

constexpr std::size_t kMostShown = 128;

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

net::Refusal no_results() {
    return {404, "Query returned no results", {}};
}

net::Refusal invalid_path() {
    return {400, "Invalid request path provided", {}};
}

net::Refusal invalid_parameter(std::string_view expected, std::string_view received) {
    return {400,
            fmt::format("Invalid parameter in query: Expected {}, received: {} (length: {})", expected,
                        shortened(received), received.size()),
            {}};
}

net::Refusal unreadable_database(const base::Error& error) {
    if (error.category == base::Error::Category::Corrupt) {
        return {503,
                "What is stored of this is damaged; `event-sidecar verify` tells the operator more",
                {{"retry-after", "60"}}};
    }
    return {503, "The database cannot be read now; try again later", {{"retry-after", "5"}}};
}

std::string shortened(std::string_view text) {
    if (text.size() <= kMostShown) return std::string(text);
    std::size_t end = kMostShown;
    while (end > kMostShown - 4 && continues_character(text[end])) --end;
    return std::string(text.substr(0, end)) + "…";
}

}  // namespace rest

namespace net {

void throw_exception_from_error(const Refusal& refusal, const boost::source_location&) {
    throw std::runtime_error(refusal.message);
}

}  // namespace net
