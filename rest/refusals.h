#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"

namespace rest {

/// A value, or what the client is told instead of it.
template <class T>
using Refusable = boost::system::result<T, net::Refusal>;

/// 404
[[nodiscard]] net::Refusal no_results();

/// 400 for an unknown path, as the Rust sidecar has it.
[[nodiscard]] net::Refusal invalid_path();

/// 400: `expected` as in "a number from 1 to 100". What was received is shown as shortened() has it.
[[nodiscard]] net::Refusal invalid_parameter(std::string_view expected, std::string_view received);

/// 503 with Retry-After for a database that cannot be read; without what the database said, which may tell of
/// hosts and users.
[[nodiscard]] net::Refusal unreadable_database(const base::Error& error);

/// The beginning of what a client sent: at most 128 bytes, cut between characters, and "…" when there was
/// more.
[[nodiscard]] std::string shortened(std::string_view text);

}  // namespace rest

namespace net {

/// Called by Refusable::value() when there is none (Boost.System finds it by argument-dependent lookup).
[[noreturn]] void throw_exception_from_error(const Refusal& refusal, const boost::source_location&);

}  // namespace net
