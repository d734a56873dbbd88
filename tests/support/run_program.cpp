#include "support/run_program.h"

#include "support/process.h"

namespace support {

Finished run_program(const std::vector<std::string>& command) {
    const TemporaryFolder folder;
    std::vector<std::string> words{"/usr/bin/env"};
    words.insert(words.end(), command.begin(), command.end());
    Process process(words, folder.path() / "output");
    const auto code = process.wait();
    return {.exit_code = code.value_or(-1), .output = process.output()};
}

}  // namespace support
