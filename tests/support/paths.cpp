#include "support/paths.h"

#include <cstdlib>

namespace support {
namespace {

std::string program(const char* name, const char* built_beside) {
    const char* const folder = std::getenv("PROGRAMS");
    return folder != nullptr ? std::string(folder) + "/" + name : built_beside;
}

}  // namespace

std::string sidecar_program() {
    return program("event-sidecar", EVENT_SIDECAR_PROGRAM);
}

std::string simulator_program() {
    return program("casper-node-sim", CASPER_NODE_SIM_PROGRAM);
}

std::filesystem::path project_folder() {
    return PROJECT_SOURCE_DIR;
}

std::filesystem::path captured_payloads() {
    return project_folder() / ".." / "shared" / "data";
}

}  // namespace support
