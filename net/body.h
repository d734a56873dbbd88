#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace net {

/// Bytes that somebody keeps: written from where they are, without a copy.
struct SharedBody {
    std::shared_ptr<const std::string> owner;
    std::string_view bytes;  ///< of `owner`
};

/// A body that is made while it is written: called for the next piece on the connection's thread until one is
/// empty; not called any more when the client is gone. An error cuts the connection, so that the client
/// knows that the body is not whole.
struct StreamedBody {
    std::function<boost::asio::awaitable<base::Result<SharedBody>>()> next;
};

/// What follows a response's head.
using Body = std::variant<std::string, SharedBody, StreamedBody>;

}  // namespace net
