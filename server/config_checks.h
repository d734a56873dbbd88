#pragma once

#include "server/config_loader.h"

namespace server {

/// Adds a problem for each two keys that do not go together: equal names, equal nodes, equal ports.
void check_together(LoadedConfig& loaded);

}  // namespace server
