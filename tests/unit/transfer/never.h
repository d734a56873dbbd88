#pragma once

namespace transfer {

/// A Stop that nobody asks for.
inline constexpr auto kNever = [] { return false; };

}  // namespace transfer
