#pragma once

#include <string>
#include <vector>

namespace support {

struct Finished {
    int exit_code = -1;  ///< -1: it did not end in time
    std::string output;  ///< standard output and standard error
};

/// Runs a program, found as a shell finds it, to its end.
[[nodiscard]] Finished run_program(const std::vector<std::string>& command);

}  // namespace support
