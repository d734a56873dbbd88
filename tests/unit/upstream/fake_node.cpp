#include "fake_node.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace upstream::testing {
namespace {

int open_listener(bool ipv6) {
    const int listener = ::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return -1;
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6addr_loopback;
    const auto* address =
        ipv6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
    const socklen_t size = ipv6 ? sizeof v6 : sizeof v4;
    if (::bind(listener, address, size) == 0 && ::listen(listener, 16) == 0) return listener;
    ::close(listener);
    return -1;
}

std::uint16_t port_of(int socket) {
    sockaddr_in6 address{};
    socklen_t size = sizeof address;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin6_port);  // at the same place as sin_port
}

std::string read_head(int socket) {
    std::string head;
    std::array<char, 1024> buffer{};
    while (head.find("\r\n\r\n") == std::string::npos) {
        const auto count = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (count <= 0) return {};
        head.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return head;
}

}  // namespace

void Peer::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void Peer::wait_until_closed() const {
    char byte = 0;
    while (::recv(socket_, &byte, 1, 0) > 0) {
    }
}

bool Peer::closed_within(std::chrono::milliseconds time) const {
    pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, static_cast<int>(time.count())) > 0;
}

void Peer::begin_stream(std::string_view version) const {
    send(fmt::format(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata:{{\"ApiVersion\":\"{}\"}}\n\n",
        version));
}

void Peer::send_event(std::string_view json, std::uint32_t id) const {
    send(fmt::format("data:{}\nid:{}\n\n", json, id));
}

std::uint32_t Peer::start_from() const {
    const auto at = target_.find("start_from=");
    return at == std::string::npos ? 0 : static_cast<std::uint32_t>(std::stoul(target_.substr(at + 11)));
}

FakeNode::FakeNode(bool ipv6) : listener_(open_listener(ipv6)) {
    if (listener_ < 0) throw std::runtime_error("cannot listen on loopback");
    port_ = port_of(listener_);
    acceptor_ = std::thread([this] { accept_all(); });
}

FakeNode::~FakeNode() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        for (const auto& visit : visits_) ::shutdown(visit.socket, SHUT_RDWR);
    }
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (auto& visit : visits_) visit.thread.join();
    for (const auto& visit : visits_) ::close(visit.socket);
    ::close(listener_);
}

void FakeNode::serve(const std::string& path, Script script) {
    const std::lock_guard lock(mutex_);
    scripts_[path] = std::move(script);
}

void FakeNode::serve_status(const std::string& body) {
    serve("/status", [body](const Peer& peer) {
        peer.send(fmt::format("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}", body.size(), body));
    });
}

std::vector<std::string> FakeNode::targets(std::string_view path) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const auto& target : targets_) {
        if (target.substr(0, target.find('?')) == path) found.push_back(target);
    }
    return found;
}

int FakeNode::open(std::string_view path) const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::ranges::count_if(
        visits_, [&](const Visit& visit) { return visit.is_open && visit.path.starts_with(path); }));
}

int FakeNode::most_open(std::string_view path) const {
    const std::lock_guard lock(mutex_);
    const auto found = most_open_.find(path);
    return found == most_open_.end() ? 0 : found->second;
}

namespace {

/// Asks the kernel: the thread that serves the connection may not have seen it yet.
bool closed_by_client(int socket) {
    char byte = 0;
    const auto size = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return size == 0 || (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

}  // namespace

void FakeNode::accept_all() {
    for (;;) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const std::lock_guard lock(mutex_);
        if (stopped_) {
            ::close(socket);
            return;
        }
        auto& visit = visits_.emplace_back();
        visit.socket = socket;
        visit.thread = std::thread([this, &visit] { attend(visit); });
    }
}

void FakeNode::attend(Visit& visit) {
    const int socket = [&] {
        const std::lock_guard lock(mutex_);
        return visit.socket;
    }();
    const auto head = read_head(socket);
    const auto begin = head.find(' ') + 1;
    const auto target = head.substr(begin, head.find(' ', begin) - begin);
    const auto path = target.substr(0, target.find('?'));
    Script script;
    {
        const std::lock_guard lock(mutex_);
        targets_.push_back(target);
        visit.path = path;
        const auto is_open = [&](const Visit& any) {
            return any.is_open && any.path == path && !closed_by_client(any.socket);
        };
        auto& most = most_open_[path];
        most = std::max({most, 1, static_cast<int>(std::ranges::count_if(visits_, is_open))});
        if (const auto found = scripts_.find(path); found != scripts_.end()) script = found->second;
    }
    const Peer peer(socket, target, head);
    if (script) {
        script(peer);
    } else {
        peer.send("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    }
    {
        // Before the client can know, which may come back at once.
        const std::lock_guard lock(mutex_);
        visit.is_open = false;
    }
    ::shutdown(socket, SHUT_RDWR);
}

std::uint16_t closed_port() {
    const int listener = open_listener(false);
    const auto port = port_of(listener);
    ::close(listener);
    return port;
}

bool resolves(const std::string& name) {
    addrinfo* found = nullptr;
    if (::getaddrinfo(name.c_str(), nullptr, nullptr, &found) != 0) return false;
    ::freeaddrinfo(found);
    return true;
}

bool has_ipv6() {
    const int listener = open_listener(true);
    if (listener >= 0) ::close(listener);
    return listener >= 0;
}

}  // namespace upstream::testing
