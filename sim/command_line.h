#pragma once

#include <string>
#include <variant>

#include "sim/options.h"

namespace sim {

/// The program is done already: it was asked for help, or wrongly.
struct Exit {
    int code = 0;
    std::string text;  ///< to standard output for code 0, else to standard error
};

/// Reads the command line; checks that everything in it is possible.
[[nodiscard]] std::variant<Options, Exit> parse_command_line(int argc, const char* const* argv,
                                                             const std::string& program_version);

}  // namespace sim
