#pragma once

#include "base/log.h"
#include "server/config.h"

namespace server {

/// Raises the limit of open files as far as it goes, and warns when that is not enough.
void prepare_descriptors(const Config& config, const base::Log& log);

}  // namespace server
