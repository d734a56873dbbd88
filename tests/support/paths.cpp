#include "support/paths.h"

namespace support {

std::string sidecar_program() {
    return EVENT_SIDECAR_PROGRAM;
}

std::string simulator_program() {
    return CASPER_NODE_SIM_PROGRAM;
}

std::filesystem::path project_folder() {
    return PROJECT_SOURCE_DIR;
}

std::filesystem::path captured_payloads() {
    return project_folder() / ".." / "shared" / "data";
}

}  // namespace support
