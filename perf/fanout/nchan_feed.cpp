// nchan_feed: what stands between the simulated node and Nchan, which reads no event streams itself: it reads
// one endpoint of the node and publishes each event by an HTTP POST over one connection, when the one before
// was answered, as HTTP clients do; with --pipelined without waiting, so that nginx finds several at once.

#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <iostream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "sse_reader.h"

namespace {

struct Arguments {
    std::uint16_t from = 0;
    std::string path = "/events/sigs";
    std::uint16_t to = 0;
    std::string publish = "/publish";
    bool pipelined = false;
};

class Socket {
  public:
    explicit Socket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error(
                fmt::format("cannot connect to port {}: {}", port, std::strerror(errno)));
    }
    ~Socket() { ::close(fd_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    void send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) throw std::runtime_error("a connection was closed");
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    /// Adds what there is, waiting for it or not. Throws when the other side has closed.
    void receive(std::string& out, bool wait) const {
        std::array<char, 65536> buffer{};
        const auto size = ::recv(fd_, buffer.data(), buffer.size(), wait ? 0 : MSG_DONTWAIT);
        if (size < 0 && errno == EAGAIN) return;
        if (size <= 0) throw std::runtime_error("a connection was closed");
        out.append(buffer.data(), static_cast<std::size_t>(size));
    }

  private:
    int fd_;
};

/// Counts what Nchan says to each event; anything but success is an error.
class Answers {
  public:
    /// Until there are as many as events were sent.
    void await(const Socket& socket, std::uint64_t sent) {
        while (count_ < sent) read(socket, true);
    }
    void read(const Socket& socket, bool wait) {
        text_.clear();
        text_.swap(rest_);
        socket.receive(text_, wait);
        std::size_t done = 0;
        for (auto at = text_.find("HTTP/1.1 "); at != std::string::npos; at = text_.find("HTTP/1.1 ", done)) {
            if (text_.size() < at + 10) break;
            if (text_[at + 9] != '2') throw std::runtime_error("Nchan answers: " + text_.substr(at, 64));
            done = at + 9;
            ++count_;
        }
        rest_ = text_.substr(std::max(done, text_.size() - std::min<std::size_t>(text_.size(), 16)));
    }

  private:
    std::string text_;
    std::string rest_;
    std::uint64_t count_ = 0;
};

[[noreturn]] void run(const Arguments& arguments) {
    const Socket node(arguments.from);
    const Socket nchan(arguments.to);
    node.send(fmt::format("GET {} HTTP/1.1\r\nhost: localhost\r\n\r\n", arguments.path));
    perf::SseReader stream;
    Answers answers;
    std::uint64_t sent = 0;
    std::string in;
    std::string out;
    for (;;) {
        node.receive(in, true);
        const auto used = stream.read(in, [&](const perf::SseFrame& frame) {
            if (frame.id.empty()) return;
            fmt::format_to(std::back_inserter(out),
                           "POST {} HTTP/1.1\r\nhost: n\r\ncontent-length: {}\r\n\r\n{}", arguments.publish,
                           frame.data.size(), frame.data);
            ++sent;
            if (arguments.pipelined) return;
            nchan.send(out);
            out.clear();
            answers.await(nchan, sent);
        });
        in.erase(0, used);
        if (!arguments.pipelined) continue;
        nchan.send(out);
        out.clear();
        answers.read(nchan, false);
    }
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app("nchan_feed: publishes the events of a node to Nchan");
    app.add_option("--from", arguments.from, "the node's port, on 127.0.0.1")->required();
    app.add_option("--path", arguments.path, "its endpoint")->capture_default_str();
    app.add_option("--to", arguments.to, "nginx's port")->required();
    app.add_option("--publish", arguments.publish, "where Nchan takes events")->capture_default_str();
    app.add_flag("--pipelined", arguments.pipelined,
                 "do not wait for the answer to one event before the next");
    CLI11_PARSE(app, argc, argv);
    try {
        run(arguments);
    } catch (const std::exception& error) {
        std::cerr << "nchan_feed: " << error.what() << "\n";
        return EXIT_FAILURE;
    }
}
