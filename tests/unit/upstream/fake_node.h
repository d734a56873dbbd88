#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace upstream::testing {

/// The server's end of one connection, inside a script.
class Peer {
  public:
    Peer(int socket, std::string target, std::string head)
        : socket_(socket), target_(std::move(target)), head_(std::move(head)) {}

    void send(std::string_view bytes) const;
    /// Returns when the client or the fake node has closed the connection.
    void wait_until_closed() const;
    /// Waits for that no longer than so.
    [[nodiscard]] bool closed_within(std::chrono::milliseconds time) const;

    /// The head of an answer whose body ends with the connection, then the first frame.
    void begin_stream(std::string_view version = "1.5.6") const;
    void send_event(std::string_view json, std::uint32_t id) const;

    [[nodiscard]] const std::string& target() const { return target_; }
    [[nodiscard]] const std::string& head() const { return head_; }
    [[nodiscard]] std::uint32_t start_from() const;

  private:
    int socket_;
    std::string target_;
    std::string head_;
};

/// A node made of scripts: one for each path, run in a thread of its own for each connection. A connection
/// ends when its script returns; a path without a script is answered with 404.
class FakeNode {
  public:
    using Script = std::function<void(const Peer&)>;

    explicit FakeNode(bool ipv6 = false);
    ~FakeNode();
    FakeNode(const FakeNode&) = delete;
    FakeNode& operator=(const FakeNode&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

    void serve(const std::string& path, Script script);
    void serve_status(const std::string& body);

    /// The targets asked for on that path, in order.
    [[nodiscard]] std::vector<std::string> targets(std::string_view path) const;
    /// Connections to paths that begin so and are open now.
    [[nodiscard]] int open(std::string_view path) const;
    /// The most connections to one path that were open at a time.
    [[nodiscard]] int most_open(std::string_view path) const;

  private:
    struct Visit {
        int socket = -1;
        std::string path;
        bool is_open = true;
        std::thread thread;
    };

    void accept_all();
    void attend(Visit& visit);

    int listener_ = -1;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    std::map<std::string, Script, std::less<>> scripts_;
    std::vector<std::string> targets_;
    std::map<std::string, int, std::less<>> most_open_;
    std::list<Visit> visits_;
    bool stopped_ = false;
    std::thread acceptor_;
};

/// A port of 127.0.0.1 on which nobody listens.
[[nodiscard]] std::uint16_t closed_port();
/// Whether this system knows the name.
[[nodiscard]] bool resolves(const std::string& name);
/// Whether ::1 can be listened on.
[[nodiscard]] bool has_ipv6();

}  // namespace upstream::testing
