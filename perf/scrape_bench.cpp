// scrape_bench: what a reading of /metrics costs a sidecar, in CPU time of its process.
//
// Connects subscribers that read nothing, waits until the sidecar is quiet, measures what it uses without
// readings, then reads so often, compressed as Prometheus asks for it, and prints one line of JSON. Events
// should be idle (the simulator's POST /stop), and max_requests_per_second large. The tick of the kernel's
// account is 10 ms: let there be many readings.

#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <iostream>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "fanout/process_usage.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Arguments {
    std::uint16_t admin_port = 0;
    std::uint16_t stream_port = 0;
    std::size_t subscribers = 1000;
    std::size_t scrapes = 500;
    double quiet = 5;
    pid_t process = 0;
};

/// A connection to a port of this machine.
class Client {
  public:
    explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error(fmt::format("nobody listens on port {}", port));
    }
    Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Client& operator=(Client&&) = delete;
    ~Client() {
        if (fd_ >= 0) ::close(fd_);
    }

    void send(const std::string& text) const {
        if (::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
            throw std::runtime_error("a request was not taken");
    }

    /// Up to the end of what "content-length" promises; the size of the body.
    [[nodiscard]] std::size_t read_answer() const {
        std::string text;
        for (;;) {
            const auto head = text.find("\r\n\r\n");
            if (head != std::string::npos) {
                if (!text.starts_with("HTTP/1.1 200 ")) throw std::runtime_error(text.substr(0, head));
                const auto length = std::stoul(text.substr(text.find("content-length: ") + 16));
                if (text.size() >= head + 4 + length) return length;
            }
            std::array<char, 65536> buffer;  // NOLINT: filled by recv
            const auto size = ::recv(fd_, buffer.data(), buffer.size(), 0);
            if (size <= 0) throw std::runtime_error("the connection ended");
            text.append(buffer.data(), static_cast<std::size_t>(size));
        }
    }

    /// The head of a stream.
    void await_head() const {
        std::array<char, 4096> buffer;  // NOLINT: filled by recv
        if (::recv(fd_, buffer.data(), buffer.size(), 0) <= 0)
            throw std::runtime_error("a stream was refused");
        if (!std::string_view(buffer.data()).starts_with("HTTP/1.1 200 "))
            throw std::runtime_error("a stream was refused; is max_concurrent_subscribers large enough?");
    }

  private:
    int fd_;
};

void raise_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

double cpu_seconds(const Arguments& arguments) {
    return perf::ProcessUsage::of(arguments.process).cpu_seconds;
}

int run(const Arguments& arguments) {
    raise_descriptors();
    std::vector<Client> subscribers;
    for (std::size_t i = 0; i < arguments.subscribers; ++i) {
        subscribers.emplace_back(arguments.stream_port);
        subscribers.back().send("GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n");
        subscribers.back().await_head();
    }
    const auto quiet = std::chrono::duration<double>(arguments.quiet);
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const auto before = cpu_seconds(arguments);
    std::this_thread::sleep_for(quiet);
    const auto idle = (cpu_seconds(arguments) - before) / arguments.quiet;

    const Client reader(arguments.admin_port);
    std::size_t bytes = 0;
    const auto begin = Clock::now();
    const auto used = cpu_seconds(arguments);
    for (std::size_t i = 0; i < arguments.scrapes; ++i) {
        reader.send("GET /metrics HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\n\r\n");
        bytes = reader.read_answer();
    }
    const auto took = std::chrono::duration<double>(Clock::now() - begin).count();
    const auto cpu = cpu_seconds(arguments) - used - idle * took;
    const auto count = static_cast<double>(arguments.scrapes);
    std::cout << fmt::format(
                     "{{\"subscribers\":{},\"scrapes\":{},\"bytes\":{},\"cpu_ms_per_scrape\":{:.3f},"
                     "\"wall_ms_per_scrape\":{:.3f},\"idle_cores\":{:.4f}}}",
                     arguments.subscribers, arguments.scrapes, bytes, 1e3 * cpu / count, 1e3 * took / count,
                     idle)
              << std::endl;
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app("scrape_bench: what a reading of /metrics costs a sidecar");
    app.add_option("--admin-port", arguments.admin_port, "of the sidecar, on 127.0.0.1")->required();
    app.add_option("--stream-port", arguments.stream_port, "likewise")->required();
    app.add_option("--pid", arguments.process, "the sidecar's")->required();
    app.add_option("--subscribers", arguments.subscribers, "that are connected")->capture_default_str();
    app.add_option("--scrapes", arguments.scrapes, "to be made")->capture_default_str();
    app.add_option("--quiet", arguments.quiet, "seconds without one, for comparison")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        return run(arguments);
    } catch (const std::exception& error) {
        std::cerr << "scrape_bench: " << error.what() << "\n";
        return EXIT_FAILURE;
    }
}
