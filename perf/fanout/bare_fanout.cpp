// bare_fanout: what a server of event streams can be compared with. It makes events, keeps them in memory and
// writes each to every subscriber, in one loop on one thread, and does nothing else: nothing is read, parsed,
// stored, deduplicated or replayed.
//
// With --gather 1 each event is a system call of its own for each subscriber; with more, a subscriber that is
// behind gets so many at once.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::size_t kMostGathered = 64;
constexpr std::size_t kHeld = 20'000;       // events
constexpr std::size_t kServedBetween = 64;  // two looks at the clock
constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

struct Arguments {
    std::uint16_t port = 0;
    double rate = 1000;
    std::size_t size = 500;
    std::size_t gather = kMostGathered;
};

struct Subscriber {
    int fd = -1;
    std::uint64_t next = 0;  ///< the event that it gets next
    std::size_t offset = 0;  ///< bytes of it that are sent
    bool asked = false;
    bool blocked = false;
};

class Server {
  public:
    explicit Server(const Arguments& arguments)
        : arguments_(arguments), poll_(::epoll_create1(0)), listener_(listen()) {
        watch(listener_, EPOLLIN, nullptr, EPOLL_CTL_ADD);
        std::signal(SIGPIPE, SIG_IGN);
    }

    [[noreturn]] void run() {
        begin_ = std::chrono::system_clock::now();
        std::array<epoll_event, 512> events{};
        for (;;) {
            const int ready = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 1);
            for (int i = 0; i < ready; ++i) handle(events[static_cast<std::size_t>(i)]);
            if (!make_events()) continue;
            for (std::size_t i = 0; i < subscribers_.size(); ++i) {
                if (i % kServedBetween == 0) (void)make_events();
                send_to(*subscribers_[i]);
            }
        }
    }

  private:
    int listen() const {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        const int on = 1;
        ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(arguments_.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(fd, SOMAXCONN) != 0)
            throw std::runtime_error(fmt::format("cannot listen on port {}", arguments_.port));
        return fd;
    }

    void watch(int fd, std::uint32_t what, Subscriber* subscriber, int operation) const {
        epoll_event event{};
        event.events = what;
        event.data.ptr = subscriber;
        ::epoll_ctl(poll_, operation, fd, &event);
    }

    void handle(const epoll_event& event) {
        if (event.data.ptr == nullptr) return accept_all();
        auto& subscriber = *static_cast<Subscriber*>(event.data.ptr);
        if ((event.events & EPOLLIN) != 0) receive(subscriber);
        if (subscriber.fd >= 0 && (event.events & EPOLLOUT) != 0) {
            subscriber.blocked = false;
            watch(subscriber.fd, EPOLLIN, &subscriber, EPOLL_CTL_MOD);
            send_to(subscriber);
        }
    }

    void accept_all() {
        for (int fd = 0; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
            const int on = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            subscribers_.push_back(std::make_unique<Subscriber>());
            subscribers_.back()->fd = fd;
            watch(fd, EPOLLIN, subscribers_.back().get(), EPOLL_CTL_ADD);
        }
    }

    void receive(Subscriber& subscriber) {
        std::array<char, 4096> request{};
        const auto size = ::recv(subscriber.fd, request.data(), request.size(), 0);
        if (size < 0 && errno == EAGAIN) return;
        if (size <= 0) return end(subscriber);
        if (subscriber.asked) return;
        subscriber.asked = true;
        subscriber.next = made_;
        if (::send(subscriber.fd, kHead.data(), kHead.size(), 0) != static_cast<ssize_t>(kHead.size()))
            end(subscriber);
    }

    static void end(Subscriber& subscriber) {
        ::close(subscriber.fd);
        subscriber.fd = -1;
    }

    /// All that are due, each of the time when it was, however late that is. False: there is none.
    bool make_events() {
        const double passed =
            std::chrono::duration<double>(std::chrono::system_clock::now() - begin_).count();
        const auto due = static_cast<std::uint64_t>(passed * arguments_.rate);
        if (made_ >= due) return false;
        while (made_ < due) make_event();
        return true;
    }

    void make_event() {
        const std::chrono::duration<double> until_due(static_cast<double>(made_ + 1) / arguments_.rate);
        const auto sent_at =
            std::chrono::duration_cast<std::chrono::nanoseconds>(begin_.time_since_epoch() + until_due)
                .count();
        auto payload = fmt::format(R"({{"Bare":{{"sent_at_ns":{},"padding":")", sent_at);
        payload.resize(std::max(payload.size(), arguments_.size - std::min<std::size_t>(arguments_.size, 3)),
                       'x');
        const auto frame = fmt::format("data:{}\"}}}}\nid:{}\n\n", payload, made_ + 1);
        events_.push_back(fmt::format("{:x}\r\n{}\r\n", frame.size(), frame));
        ++made_;
        if (events_.size() > kHeld) events_.pop_front();
    }

    void send_to(Subscriber& subscriber) {
        if (subscriber.fd < 0 || !subscriber.asked) return;
        while (!subscriber.blocked && subscriber.next < made_) {
            const auto first = made_ - events_.size();
            if (subscriber.next < first) throw std::runtime_error("a subscriber is too slow for this rate");
            std::array<iovec, kMostGathered> parts{};
            std::size_t count = 0;
            std::size_t bytes = 0;
            for (auto at = subscriber.next; at < made_ && count < arguments_.gather; ++at, ++count) {
                auto& event = events_[at - first];
                const auto skip = count == 0 ? subscriber.offset : 0;
                parts[count] = {event.data() + skip, event.size() - skip};
                bytes += event.size() - skip;
            }
            const auto sent = ::writev(subscriber.fd, parts.data(), static_cast<int>(count));
            if (sent < 0 && errno != EAGAIN) return end(subscriber);
            if (sent > 0) advance(subscriber, static_cast<std::size_t>(sent), first);
            if (sent < 0 || static_cast<std::size_t>(sent) < bytes) {
                subscriber.blocked = true;
                watch(subscriber.fd, EPOLLIN | EPOLLOUT, &subscriber, EPOLL_CTL_MOD);
            }
        }
    }

    void advance(Subscriber& subscriber, std::size_t sent, std::uint64_t first) const {
        subscriber.offset += sent;
        while (subscriber.next < made_ && subscriber.offset >= events_[subscriber.next - first].size()) {
            subscriber.offset -= events_[subscriber.next - first].size();
            ++subscriber.next;
        }
    }

    const Arguments arguments_;
    const int poll_;
    const int listener_;
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
    std::deque<std::string> events_;
    std::uint64_t made_ = 0;
    std::chrono::system_clock::time_point begin_;
};

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app("bare_fanout: writes events to subscribers, and does nothing else");
    app.add_option("--port", arguments.port, "on 127.0.0.1")->required();
    app.add_option("--rate", arguments.rate, "events a second")->capture_default_str();
    app.add_option("--payload-size", arguments.size, "bytes of an event's JSON")->capture_default_str();
    app.add_option("--gather", arguments.gather, "events in one write, at most")
        ->capture_default_str()
        ->check(CLI::Range(std::size_t{1}, kMostGathered));
    CLI11_PARSE(app, argc, argv);
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    try {
        Server(arguments).run();
    } catch (const std::exception& error) {
        std::cerr << "bare_fanout: " << error.what() << "\n";
        return EXIT_FAILURE;
    }
}
