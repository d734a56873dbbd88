#pragma once

#include "base/log.h"
#include "base/result.h"
#include "server/config.h"
#include "upstream/options.h"

namespace server {

/// What a later version will do; a configuration that relies on it must not be run in silence.
[[nodiscard]] base::Result<void> check_supported(const Config& config);
[[nodiscard]] base::Result<void> check_supported(const upstream::NodeOptions& node);

/// Keys that are accepted and have no effect yet: a line each.
void tell_what_is_not_served(const Config& config, const base::Log& log);

/// Raises the limit of open files as far as it goes, and warns when that is not enough.
void prepare_descriptors(const Config& config, const base::Log& log);

}  // namespace server
