#pragma once

#include <functional>

namespace transfer {

/// Whether the operator wants it to end; asked between two events.
using Stop = std::function<bool()>;

}  // namespace transfer
