#include "support/follower.h"

#include <chrono>
#include <exception>
#include <limits>
#include <string_view>
#include <utility>

#include "support/process.h"
#include "support/raw_client.h"

namespace support {

namespace {

/// Who does not begin to answer in this time is held, or too busy to be waited for.
constexpr std::chrono::seconds kPatienceWithOneOfSeveral{2};

}  // namespace

Follower::Follower(std::uint16_t port, std::string path)
    : Follower(std::vector{port}, std::move(path), std::numeric_limits<std::size_t>::max()) {}

Follower::Follower(std::vector<std::uint16_t> ports, std::string path, std::size_t events_a_visit)
    : ports_(std::move(ports)),
      path_(std::move(path)),
      events_a_visit_(events_a_visit),
      thread_([this] { run(); }) {}

Follower::~Follower() {
    stop();
}

void Follower::stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
}

std::vector<Received> Follower::received() const {
    const std::lock_guard lock(mutex_);
    return received_;
}

std::vector<std::string> Follower::complaints() const {
    const std::lock_guard lock(mutex_);
    return complaints_;
}

void Follower::complain(std::string what) {
    const std::lock_guard lock(mutex_);
    complaints_.push_back(path_ + ": " + std::move(what));
}

void Follower::run() {
    while (!stopped_) {
        try {
            follow_once(ports_[visit_++ % ports_.size()]);
        } catch (const std::exception&) {
            short_pause();  // nobody listens: the sidecar is being started again
        }
    }
}

/// HTTP/1.0, so that the body needs no unwrapping.
void Follower::follow_once(std::uint16_t port) {
    RawClient client(port);
    client.send("GET " + path_ + " HTTP/1.0\r\nlast-event-id: " + std::to_string(last_id_) + "\r\n\r\n");
    const std::chrono::milliseconds patience =
        ports_.size() > 1 ? kPatienceWithOneOfSeveral : Process::kPatience;
    if (!client.read_until_contains("\r\n\r\n", patience)) return;
    const std::string head = head_of(client.received());
    if (head.find(" 200") != std::string_view("HTTP/1.x").size())
        return short_pause();  // a proxy may say 1.1
    if (head.find("x-sidecar-gap") != std::string::npos) complain("a gap was announced: " + head);
    ++connections_;
    std::string text = client.received().substr(head.size() + 2);
    client.forget_received();
    const auto at_arrival = count();
    while (!stopped_ && count() - at_arrival < events_a_visit_) {
        take_frames(text);
        client.read_until([](const std::string& all) { return !all.empty(); }, std::chrono::milliseconds(50));
        text += client.received();
        client.forget_received();
        if (client.closed()) return take_frames(text);
    }
}

void Follower::take_frames(std::string& text) {
    std::size_t begin = 0;
    for (auto end = text.find("\n\n"); end != std::string::npos; end = text.find("\n\n", begin)) {
        take(text.substr(begin, end - begin));
        begin = end + 2;
    }
    text.erase(0, begin);
}

void Follower::take(const std::string& frame) {
    if (frame == ":") return;
    const auto id_at = frame.rfind("\nid:");
    if (!frame.starts_with("data:")) return complain("not a frame: " + frame.substr(0, 200));
    if (id_at == std::string::npos) {
        if (frame.find("ApiVersion\"") == std::string::npos &&
            frame.find("SidecarVersion\"") == std::string::npos) {
            complain("a frame without an id: " + frame.substr(0, 200));
        }
        return;
    }
    const std::uint64_t id = std::stoull(frame.substr(id_at + 4));
    if (id <= last_id_) complain("id " + std::to_string(id) + " after " + std::to_string(last_id_));
    {
        const std::lock_guard lock(mutex_);
        received_.push_back({id, frame.substr(5, id_at - 5)});
    }
    last_id_ = id;
    ++count_;
}

}  // namespace support
