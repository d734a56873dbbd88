#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace support {

/// One event that a subscriber got.
struct Received {
    std::uint64_t id = 0;
    std::string data;
};

/// A well-behaved subscriber: follows one endpoint from its first event on, and when the connection ends for
/// whatever reason, connects again with Last-Event-ID. Of several sidecars it goes from one to the next: each
/// time that it has got so many events, and when one does not answer. Runs on a thread of its own until
/// stopped.
class Follower {
  public:
    Follower(std::uint16_t port, std::string path);
    Follower(std::vector<std::uint16_t> ports, std::string path, std::size_t events_a_visit);
    ~Follower();
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    [[nodiscard]] std::vector<Received> received() const;
    [[nodiscard]] std::uint64_t last_id() const { return last_id_; }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] unsigned connections() const { return connections_; }
    /// What broke the rules: an id not above the one before, a gap announced, a frame that cannot be read.
    [[nodiscard]] std::vector<std::string> complaints() const;
    void stop();

  private:
    void run();
    void follow_once(std::uint16_t port);
    void take_frames(std::string& text);
    void take(const std::string& frame);
    void complain(std::string what);

    const std::vector<std::uint16_t> ports_;
    const std::string path_;
    const std::size_t events_a_visit_;
    std::size_t visit_ = 0;
    std::atomic<bool> stopped_ = false;
    std::atomic<std::uint64_t> last_id_ = 0;
    std::atomic<std::size_t> count_ = 0;
    std::atomic<unsigned> connections_ = 0;
    mutable std::mutex mutex_;
    std::vector<Received> received_;
    std::vector<std::string> complaints_;
    std::thread thread_;
};

}  // namespace support
