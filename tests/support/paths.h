#pragma once

#include <filesystem>
#include <string>

// Where things are. Only paths.cpp is compiled with these, so that what a compiler's cache keeps of the other
// files is good for every checkout.
namespace support {

/// The programs under test: those of the folder that the environment variable PROGRAMS names, or those that
/// were built with the tests.
[[nodiscard]] std::string sidecar_program();
[[nodiscard]] std::string simulator_program();
[[nodiscard]] std::filesystem::path project_folder();

/// Real payloads, where there are any beside the project.
[[nodiscard]] std::filesystem::path captured_payloads();

}  // namespace support
