#pragma once

#include <set>
#include <string>
#include <string_view>

namespace deploy {

/// The names of the metrics that an expression of PromQL asks for. Understands what deploy/ uses: selectors,
/// ranges, functions, operators, and aggregations with `by (...)`.
[[nodiscard]] std::set<std::string> metric_names(std::string_view expression);

}  // namespace deploy
