#include "process_usage.h"

#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace perf {

ProcessUsage ProcessUsage::of(pid_t process) {
    std::ifstream stat(fmt::format("/proc/{}/stat", process));
    std::string line;
    if (!std::getline(stat, line)) throw std::runtime_error(fmt::format("process {} is gone", process));
    // The name stands in brackets and may hold anything.
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    fields >> user >> system;
    for (int field = 16; field < 24; ++field) fields >> skipped;
    std::uint64_t pages = 0;
    fields >> pages;
    return {static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK)),
            pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
}

}  // namespace perf
