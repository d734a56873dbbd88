#include "support/process.h"

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "support/system_call.h"

namespace support {

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "event-sidecar-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) fail("mkdtemp");
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Process::Process(std::vector<std::string> arguments, std::filesystem::path output,
                 std::map<std::string, std::string> environment)
    : output_(std::move(output)) {
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) fail("fork");
    if (pid_ > 0) return;

    const int file = ::open(output_.c_str(), O_CREAT | O_APPEND | O_WRONLY, 0644);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    ::execv(argv.front(), argv.data());
    ::_exit(127);
}

Process::~Process() {
    kill_and_wait();
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), exit_code_(other.exit_code_), output_(std::move(other.output_)) {}

Process& Process::operator=(Process&& other) noexcept {
    if (this == &other) return *this;
    kill_and_wait();
    pid_ = std::exchange(other.pid_, -1);
    exit_code_ = other.exit_code_;
    output_ = std::move(other.output_);
    return *this;
}

void Process::signal(int number) const {
    if (pid_ > 0) ::kill(pid_, number);
}

bool Process::poll_exit() {
    if (exit_code_ || pid_ < 0) return true;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}

std::optional<int> Process::wait(std::chrono::milliseconds patience) {
    if (!eventually([this] { return poll_exit(); }, patience)) return std::nullopt;
    return exit_code_;
}

void Process::kill_and_wait() {
    if (pid_ < 0 || exit_code_) return;
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    exit_code_ = 128 + SIGKILL;
}

std::string Process::output() const {
    return read_file(output_);
}

bool Process::wait_for_output(std::string_view text, std::chrono::milliseconds patience) {
    const auto found = [&] { return output().find(text) != std::string::npos; };
    return eventually([&] { return found() || poll_exit(); }, patience) && found();
}

namespace {

bool can_be_bound(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return bound;
}

}  // namespace

std::uint16_t free_port() {
    // Below those that the kernel gives to whoever connects, and far from those of a test that runs beside.
    constexpr std::uint32_t kFirst = 10'000;
    constexpr std::uint32_t kCount = 20'000;
    constexpr std::uint32_t kApart = 97;
    static std::atomic<std::uint32_t> next = static_cast<std::uint32_t>(::getpid()) * kApart;
    for (std::uint32_t tries = 0; tries < kCount; ++tries) {
        const auto port = static_cast<std::uint16_t>(kFirst + next++ % kCount);
        if (can_be_bound(port)) return port;
    }
    fail("no port is free");
}

void short_pause() {
    ::poll(nullptr, 0, 5);
}

void write_file(const std::filesystem::path& file, std::string_view text) {
    std::ofstream out(file, std::ios::binary);
    out << text;
    if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

std::string read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace support
