#include "server/control_path.h"

namespace server {

std::filesystem::path control_socket_path(const Config& config) {
    if (config.control_socket) return *config.control_socket;
    return std::filesystem::path(config.storage.storage_path) / "control.sock";
}

}  // namespace server
