#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/api_version.h"
#include "upstream/tcp_connection.h"

namespace upstream {

/// The oldest node that speaks the protocol read here.
inline constexpr base::ApiVersion kOldestCompatible{1, 5, 2};

/// What a node tells of itself at `/status`.
struct NodeStatus {
    base::ApiVersion build_version;
    std::string chainspec_name;                         ///< empty: it does not tell
    std::optional<std::string> our_public_signing_key;  ///< in hex

    /// A node has told it.
    [[nodiscard]] bool known() const { return build_version != base::ApiVersion{}; }
    [[nodiscard]] bool compatible() const { return build_version >= kOldestCompatible; }
};

/// Why there is no status; the last four are descriptions of error_counts.
struct ProbeError {
    enum class Reason : std::uint8_t {
        Unreachable,           ///< no connection, no answer, or an HTTP error
        NotInPayload,          ///< the answer is not a JSON object with a build_version
        NotAString,            ///< build_version is something else
        IncomprehensibleForm,  ///< build_version does not begin with a version at all
        NotAVersion,           ///< build_version begins with digits, but is not MAJOR.MINOR.PATCH
    };
    Reason reason = Reason::Unreachable;
    std::string message;

    /// The description that error_counts has for the reason; empty for Unreachable.
    [[nodiscard]] std::string_view metric() const;
};
[[noreturn]] void throw_exception_from_error(const ProbeError& error, const boost::source_location&);

using ProbeResult = boost::system::result<NodeStatus, ProbeError>;

[[nodiscard]] ProbeResult parse_status(std::string_view body);

/// GET http://address/status over the connection given, which ends with it; all of it within `timeout`.
/// Closing the connection from outside ends it early with Unreachable.
[[nodiscard]] boost::asio::awaitable<ProbeResult> probe_status(std::shared_ptr<TcpConnection> connection,
                                                               Address address,
                                                               std::chrono::milliseconds timeout);

}  // namespace upstream
