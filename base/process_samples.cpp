#include "base/process_samples.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/samples.h"

namespace base {
namespace {

/// Of /proc/self/stat; the numbers of fields are those of proc(5).
struct Stat {
    double cpu_seconds = 0;            // 14, 15
    double threads = 0;                // 20
    double started = 0;                // 22, seconds since the machine's start
    double virtual_memory_bytes = 0;   // 23
    double resident_memory_bytes = 0;  // 24
};

std::optional<Stat> read_stat() {
    std::ifstream file("/proc/self/stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // The name stands in brackets and may hold anything.
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream fields(text.substr(name_end + 1));
    fields.seekg(2);  // field 3 is a letter
    constexpr int kFirst = 4;
    constexpr int kLast = 24;
    std::array<double, kLast + 1> field{};
    for (int number = kFirst; number <= kLast; ++number) fields >> field[static_cast<std::size_t>(number)];
    if (!fields) return std::nullopt;
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    return Stat{.cpu_seconds = (field[14] + field[15]) / ticks,
                .threads = field[20],
                .started = field[22] / ticks,
                .virtual_memory_bytes = field[23],
                .resident_memory_bytes = field[24] * static_cast<double>(::sysconf(_SC_PAGESIZE))};
}

/// When the machine started, in seconds since 1970.
std::optional<double> read_boot_time() {
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("btime ")) return std::stod(line.substr(6));
    }
    return std::nullopt;
}

/// The size of the folder is their number since Linux 6.2; before, and where it is 0, they are counted.
double open_descriptors() {
    struct stat status {};
    if (::stat("/proc/self/fd", &status) == 0 && status.st_size > 0)
        return static_cast<double>(status.st_size);
    std::error_code error;
    const std::filesystem::directory_iterator entries("/proc/self/fd", error);
    return error ? 0 : static_cast<double>(std::distance(begin(entries), end(entries)));
}

void add_samples(Samples& samples, const std::optional<double>& boot_time) {
    if (const auto stat = read_stat()) {
        samples.counter("process_cpu_seconds_total", "CPU time of the process, in seconds")
            .add(stat->cpu_seconds);
        samples.gauge("process_threads", "Threads of the process").add(stat->threads);
        samples.gauge("process_virtual_memory_bytes", "Address space of the process, in bytes")
            .add(stat->virtual_memory_bytes);
        samples.gauge("process_resident_memory_bytes", "Memory that the process occupies, in bytes")
            .add(stat->resident_memory_bytes);
        if (boot_time) {
            samples.gauge("process_start_time_seconds", "When the process started, in seconds since 1970")
                .add(*boot_time + stat->started);
        }
    }
    samples.gauge("process_open_fds", "File descriptors that are open").add(open_descriptors());
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        samples.gauge("process_max_fds", "File descriptors that may be open")
            .add(static_cast<double>(limit.rlim_cur));
    }
}

}  // namespace

std::shared_ptr<prometheus::Collectable> process_sampler() {
    return std::make_shared<Sampler>(
        [boot_time = read_boot_time()](Samples& samples) { add_samples(samples, boot_time); });
}

}  // namespace base
