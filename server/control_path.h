#pragma once

#include <filesystem>

#include "server/config.h"

namespace server {

/// Where the control socket of a sidecar with this configuration is: `control_socket`, or control.sock in the
/// `storage_path`.
[[nodiscard]] std::filesystem::path control_socket_path(const Config& config);

}  // namespace server
