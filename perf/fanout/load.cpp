#include "load.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <netinet/in.h>
#include <stdexcept>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sse_reader.h"

namespace perf {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kMark = "\"sent_at_ns\":";
constexpr std::size_t kReadSize = std::size_t{256} << 10;

std::int64_t unix_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

int connect_to(const LoadOptions& options, std::uint64_t last_event_id) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error(
            fmt::format("cannot connect to port {}: {}", options.port, std::strerror(errno)));
    auto request =
        fmt::format("GET {} HTTP/1.1\r\nhost: localhost\r\naccept: {}\r\n", options.path, options.accept);
    if (options.gzip > 0) request += "accept-encoding: gzip\r\n";
    if (last_event_id != 0) request += fmt::format("last-event-id: {}\r\n", last_event_id);
    request += "\r\n";
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
        throw std::runtime_error("a request cannot be sent");
    return fd;
}

/// Milliseconds from the stamp to now; below zero: there is none.
double latency_of(std::string_view data, std::int64_t now) {
    const auto at = data.rfind(kMark);
    if (at == std::string_view::npos) return -1;
    std::int64_t sent = 0;
    std::from_chars(data.data() + at + kMark.size(), data.data() + data.size(), sent);
    return static_cast<double>(now - sent) / 1e6;
}

/// Counted by one thread, read by others.
struct Counter {
    std::atomic<std::uint64_t> value{0};
    void add(std::uint64_t more) {
        value.store(value.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t get() const { return value.load(std::memory_order_relaxed); }
};

}  // namespace

class Load::Worker {
  public:
    Worker(const LoadOptions& options, std::size_t readers, std::size_t reconnecting)
        : options_(options),
          poll_(::epoll_create1(EPOLL_CLOEXEC)),
          readers_(readers),
          reconnecting_(reconnecting) {
        for (std::size_t i = 0; i < readers_.size(); ++i) {
            readers_[i].only_counts = options.gzip > 0 && i % options.gzip != 0;
            open(readers_[i]);
        }
    }
    ~Worker() {
        stop();
        for (const auto& reader : readers_) ::close(reader.fd);
        ::close(poll_);
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void start() {
        thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
    void stop() {
        thread_.request_stop();
        if (thread_.joinable()) thread_.join();
    }

    void add_to(LoadCounts& counts) const {
        counts.bytes += bytes_.get();
        counts.missing += missing_.get();
        counts.misplaced += misplaced_.get();
        counts.reconnects += reconnects_.get();
        counts.cut_off += cut_off_.get();
        std::uint64_t sum = 0;
        std::uint64_t reading = 0;
        for (const auto& reader : readers_) {
            if (reader.only_counts) continue;
            const auto events = reader.events.get();
            sum += events;
            ++reading;
            counts.fewest = std::min(counts.fewest, events);
            counts.most = std::max(counts.most, events);
        }
        if (reading > 0) counts.events += sum * readers_.size() / reading;
    }
    void begin_sampling() { sampling_ = true; }
    [[nodiscard]] const std::vector<Latency>& latencies() const { return latencies_; }

  private:
    struct Reader {
        int fd = -1;
        SseReader stream;
        std::string rest;
        std::uint64_t last_id = 0;
        bool only_counts = false;
        Counter events;
    };

    void open(Reader& reader) {
        reader.fd = connect_to(options_, reader.last_id);
        reader.stream = {};
        reader.rest.clear();
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &reader;
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, reader.fd, &event);
    }

    void run(const std::stop_token& stop) {
        std::array<epoll_event, 256> events{};
        auto next_leave = Clock::now();
        while (!stop.stop_requested()) {
            const int ready = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 50);
            for (int i = 0; i < ready; ++i)
                receive(*static_cast<Reader*>(events[static_cast<std::size_t>(i)].data.ptr));
            if (reconnecting_ == 0 || Clock::now() < next_leave) continue;
            next_leave =
                Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                                   options_.reconnect_every / static_cast<double>(reconnecting_)));
            leave_and_come_back(readers_[leaves_next_++ % reconnecting_]);
        }
    }

    void leave_and_come_back(Reader& reader) {
        ::close(reader.fd);
        open(reader);
        reconnects_.add(1);
    }

    void receive(Reader& reader) {
        // What is left of the last read goes before what comes.
        const auto kept = reader.rest.size();
        if (buffer_.size() < kept + kReadSize) buffer_.resize(kept + kReadSize);
        std::memcpy(buffer_.data(), reader.rest.data(), kept);
        const auto size = ::recv(reader.fd, buffer_.data() + kept, kReadSize, MSG_DONTWAIT);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (size <= 0) return lost(reader);
        bytes_.add(static_cast<std::uint64_t>(size));
        if (reader.only_counts) return;
        const std::string_view bytes(buffer_.data(), kept + static_cast<std::size_t>(size));
        std::size_t used = 0;
        const auto now = unix_ns();
        std::uint64_t events = 0;
        try {
            used = reader.stream.read(bytes, [&](const SseFrame& frame) {
                if (frame.id.empty()) return;
                ++events;
                note(reader, frame, now);
            });
        } catch (const std::runtime_error&) {
            return lost(reader);
        }
        reader.events.add(events);
        reader.rest.assign(bytes.substr(used));
    }

    void note(Reader& reader, const SseFrame& frame, std::int64_t now) {
        std::uint64_t id = 0;
        const auto parsed = std::from_chars(frame.id.data(), frame.id.data() + frame.id.size(), id);
        // Other servers' ids are no plain numbers.
        if (parsed.ec == std::errc() && parsed.ptr == frame.id.data() + frame.id.size()) {
            if (reader.last_id != 0 && id <= reader.last_id) misplaced_.add(1);
            if (options_.dense_ids && reader.last_id != 0 && id > reader.last_id + 1)
                missing_.add(id - reader.last_id - 1);
            reader.last_id = id;
        }
        if (!sampling_.load(std::memory_order_relaxed) || ++seen_ % options_.sample != 0) return;
        if (const auto latency = latency_of(frame.data, now); latency >= 0)
            latencies_.push_back({now, latency});
    }

    void lost(Reader& reader) {
        cut_off_.add(1);
        ::epoll_ctl(poll_, EPOLL_CTL_DEL, reader.fd, nullptr);
    }

    const LoadOptions& options_;
    const int poll_;
    std::vector<Reader> readers_;
    const std::size_t reconnecting_;
    std::size_t leaves_next_ = 0;
    std::string buffer_;
    std::uint64_t seen_ = 0;
    std::vector<Latency> latencies_;
    std::atomic<bool> sampling_ = false;
    Counter bytes_, missing_, misplaced_, reconnects_, cut_off_;
    std::jthread thread_;
};

Load::Load(const LoadOptions& options) {
    for (std::size_t i = 0; i < options.silent; ++i) {
        const int fd = connect_to(options, 0);
        silent_.push_back(fd);
    }
    const auto share = [&](std::size_t whole, std::size_t i) {
        return whole * (i + 1) / options.threads - whole * i / options.threads;
    };
    for (std::size_t i = 0; i < options.threads; ++i)
        workers_.push_back(
            std::make_unique<Worker>(options, share(options.readers, i), share(options.reconnecting, i)));
    for (auto& worker : workers_) worker->start();
}

Load::~Load() {
    for (const int fd : silent_) ::close(fd);
}

LoadCounts Load::counts() const {
    LoadCounts counts;
    counts.fewest = std::numeric_limits<std::uint64_t>::max();
    for (const auto& worker : workers_) worker->add_to(counts);
    return counts;
}

void Load::begin_sampling() {
    for (auto& worker : workers_) worker->begin_sampling();
}

std::vector<Latency> Load::finish() {
    std::vector<Latency> latencies;
    for (auto& worker : workers_) {
        worker->stop();
        latencies.insert(latencies.end(), worker->latencies().begin(), worker->latencies().end());
    }
    return latencies;
}

}  // namespace perf
