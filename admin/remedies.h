#pragma once

#include <span>
#include <string>
#include <string_view>

#include "upstream/node_report.h"

namespace admin {

/// What an operator can do about a line of the log or a reason why the sidecar is not ready: a sentence;
/// empty where there is nothing to be done, or nothing known.
[[nodiscard]] std::string_view remedy_for(std::string_view message);

/// Likewise, about a node that is not read, or not as it should be.
[[nodiscard]] std::string remedy_for(const upstream::NodeReport& node);

/// A message that contains `words` has this remedy; the first row that fits counts.
struct Remedy {
    std::string_view words;
    std::string_view remedy;
};
[[nodiscard]] std::span<const Remedy> remedies();

}  // namespace admin
