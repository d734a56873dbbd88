// The time from a node's write to a subscriber's read, through the whole path, durable in between.
//
//   latency_bench PORT SUBSCRIBERS SECONDS [ENDPOINT]
//
// Opens the subscribers on one thread, reads for the time given, and prints the percentiles of what every
// subscriber saw. The events must carry "sent_at_ns" (casper-node-sim --stamp). Beside it stands the round
// trip of the same number of bytes over a bare loopback connection, taken in the same run.

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::string_view kMark = "\"sent_at_ns\":";
constexpr std::size_t kLongestNumber = 24;
constexpr std::size_t kEventBytes = 500;

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

int connect_to(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error("cannot connect to port " + std::to_string(port));
    }
    return fd;
}

struct Subscriber {
    int fd;
    std::string rest;
};

/// Milliseconds since the time that stands behind the mark.
double latency_at(const char* mark, std::int64_t now) {
    std::int64_t sent = 0;
    std::from_chars(mark + kMark.size(), mark + kMark.size() + kLongestNumber, sent);
    return static_cast<double>(now - sent) / 1e6;
}

/// Adds the latency of each event whose stamp is whole, keeps what may be the beginning of another. Made to
/// cost little beside the server that it measures: nothing is copied but the end of a read.
void take(Subscriber& subscriber, std::string_view bytes, std::int64_t now, std::vector<double>& latencies) {
    if (!subscriber.rest.empty()) {
        const auto joint = bytes.substr(0, kMark.size() + kLongestNumber);
        const auto text = subscriber.rest + std::string(joint);
        const auto at = text.find(kMark);
        const bool began_before = at < subscriber.rest.size();
        if (began_before && text.size() - at >= kMark.size() + kLongestNumber) {
            latencies.push_back(latency_at(text.data() + at, now));
        }
        subscriber.rest.clear();
    }
    const char* from = bytes.data();
    const char* const end = bytes.data() + bytes.size();
    while (const void* found =
               ::memmem(from, static_cast<std::size_t>(end - from), kMark.data(), kMark.size())) {
        const char* const mark = static_cast<const char*>(found);
        if (static_cast<std::size_t>(end - mark) < kMark.size() + kLongestNumber) break;
        latencies.push_back(latency_at(mark, now));
        from = mark + kMark.size();
    }
    const auto keep =
        std::min<std::size_t>(static_cast<std::size_t>(end - from), kMark.size() + kLongestNumber - 1);
    subscriber.rest.assign(end - keep, keep);
}

std::vector<double> follow(std::uint16_t port, std::size_t count, std::chrono::seconds time,
                           const std::string& path) {
    const int poll = ::epoll_create1(0);
    std::vector<Subscriber> subscribers;
    for (std::size_t i = 0; i < count; ++i) {
        subscribers.push_back({connect_to(port), {}});
        const std::string request = "GET " + path + " HTTP/1.1\r\nhost: localhost\r\n\r\n";
        if (::send(subscribers.back().fd, request.data(), request.size(), 0) < 0)
            throw std::runtime_error("send");
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        ::epoll_ctl(poll, EPOLL_CTL_ADD, subscribers.back().fd, &event);
    }
    std::vector<double> latencies;
    std::array<char, 65536> buffer{};
    std::array<epoll_event, 256> events{};
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
        const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 100);
        for (int i = 0; i < ready; ++i) {
            auto& subscriber = subscribers[events[static_cast<std::size_t>(i)].data.u64];
            const auto size = ::recv(subscriber.fd, buffer.data(), buffer.size(), 0);
            if (size <= 0) throw std::runtime_error("a stream ended");
            take(subscriber, {buffer.data(), static_cast<std::size_t>(size)}, now_ns(), latencies);
        }
    }
    for (const auto& subscriber : subscribers) ::close(subscriber.fd);
    ::close(poll);
    return latencies;
}

void transfer(int fd, std::string& bytes, bool sending) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto size = sending ? ::send(fd, bytes.data() + done, bytes.size() - done, 0)
                                  : ::recv(fd, bytes.data() + done, bytes.size() - done, 0);
        if (size <= 0) throw std::runtime_error("the loopback connection ended");
        done += static_cast<std::size_t>(size);
    }
}

std::vector<double> loopback_round_trips(std::size_t count) {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener, reinterpret_cast<const sockaddr*>(&address), size);
    ::listen(listener, 1);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    const int client = connect_to(ntohs(address.sin_port));
    const int server = ::accept(listener, nullptr, nullptr);
    const int on = 1;
    for (const int fd : {client, server}) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::thread echo([server, count] {
        std::string bytes(kEventBytes, 'x');
        for (std::size_t i = 0; i < count; ++i) {
            transfer(server, bytes, false);
            transfer(server, bytes, true);
        }
    });
    std::vector<double> trips;
    std::string bytes(kEventBytes, 'x');
    for (std::size_t i = 0; i < count; ++i) {
        const auto begin = now_ns();
        transfer(client, bytes, true);
        transfer(client, bytes, false);
        trips.push_back(static_cast<double>(now_ns() - begin) / 1e6);
    }
    echo.join();
    for (const int fd : {client, server, listener}) ::close(fd);
    return trips;
}

void print(std::string_view what, std::vector<double> values) {
    if (values.empty()) {
        fmt::print("{}: nothing measured\n", what);
        return;
    }
    std::ranges::sort(values);
    const auto at = [&](double part) {
        return values[std::min(values.size() - 1,
                               static_cast<std::size_t>(part * static_cast<double>(values.size())))];
    };
    fmt::print(
        "{}: {} samples, p50 {:.3f} ms, p90 {:.3f} ms, p99 {:.3f} ms, p99.9 {:.3f} ms, longest {:.3f} ms\n",
        what, values.size(), at(0.50), at(0.90), at(0.99), at(0.999), values.back());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        fmt::print(stderr, "usage: latency_bench PORT SUBSCRIBERS SECONDS [ENDPOINT]\n");
        return EXIT_FAILURE;
    }
    const auto port = static_cast<std::uint16_t>(std::stoul(argv[1]));
    const std::string path = argc > 4 ? argv[4] : "/events";
    try {
        print("write to read",
              follow(port, std::stoul(argv[2]), std::chrono::seconds(std::stoul(argv[3])), path));
        print("loopback round trip", loopback_round_trips(20'000));
    } catch (const std::exception& error) {
        fmt::print(stderr, "latency_bench: {}\n", error.what());
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
