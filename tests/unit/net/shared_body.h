#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/body.h"

namespace net {

/// A body, or a piece of one, that alone owns its bytes.
inline SharedBody shared(std::string bytes) {
    auto owner = std::make_shared<const std::string>(std::move(bytes));
    const std::string_view view = *owner;
    return {std::move(owner), view};
}

}  // namespace net
