#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace support {

/// A folder that goes with the object.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// A program that runs beside the test, its output in a file; killed with the object.
class Process {
  public:
    static constexpr std::chrono::seconds kPatience{60};

    Process(std::vector<std::string> arguments, std::filesystem::path output,
            std::map<std::string, std::string> environment = {});
    ~Process();
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;

    [[nodiscard]] pid_t pid() const { return pid_; }
    void signal(int number) const;

    /// The exit code, 128 + the signal for one that was killed; nothing at the deadline.
    [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds patience = kPatience);
    void kill_and_wait();

    /// What it wrote so far, standard output and standard error together.
    [[nodiscard]] std::string output() const;
    /// False when it ends or the deadline passes before.
    bool wait_for_output(std::string_view text, std::chrono::milliseconds patience = kPatience);

  private:
    [[nodiscard]] bool poll_exit();

    pid_t pid_ = -1;
    std::optional<int> exit_code_;
    std::filesystem::path output_;
};

/// A TCP port that is free now.
[[nodiscard]] std::uint16_t free_port();

/// Waits for a condition, looking every few milliseconds; false at the deadline.
template <class Condition>
[[nodiscard]] bool eventually(Condition&& condition,
                              std::chrono::milliseconds patience = std::chrono::seconds(60));
void short_pause();

void write_file(const std::filesystem::path& file, std::string_view text);
[[nodiscard]] std::string read_file(const std::filesystem::path& file);

template <class Condition>
bool eventually(Condition&& condition, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        short_pause();
    }
    return true;
}

}  // namespace support
