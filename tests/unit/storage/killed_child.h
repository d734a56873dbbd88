#pragma once

#include <array>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <functional>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace storage_test {

/// Runs `work` in a child process, which is killed once it has written so many numbers to the descriptor
/// that it is given; the last number that it wrote.
inline std::uint64_t run_and_kill(const std::function<void(int)>& work, int numbers) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const pid_t child = ::fork();
    if (child == 0) {
        work(pipe[1]);
        ::_exit(0);
    }
    ::close(pipe[1]);
    std::uint64_t number = 0;
    for (int i = 0; i < numbers; ++i) {
        if (::read(pipe[0], &number, sizeof number) != sizeof number) break;
    }
    ::kill(child, SIGKILL);
    std::uint64_t more = 0;
    while (::read(pipe[0], &more, sizeof more) == sizeof more) number = more;
    ::close(pipe[0]);
    ::waitpid(child, nullptr, 0);
    return number;
}

}  // namespace storage_test
