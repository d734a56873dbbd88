#pragma once

#include <memory>
#include <prometheus/collectable.h>

namespace base {

/// The metrics process_*, as client libraries of Prometheus name them, from proc(5). What cannot be read is
/// left out.
[[nodiscard]] std::shared_ptr<prometheus::Collectable> process_sampler();

}  // namespace base
