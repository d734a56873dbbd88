#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace perf {

struct LoadOptions {
    std::uint16_t port = 0;
    std::string path = "/events";
    std::string accept = "text/event-stream";
    std::size_t readers = 100;
    std::size_t threads = 1;
    std::size_t silent = 0;        ///< further subscribers that never read
    std::size_t reconnecting = 0;  ///< of the readers, so many leave and come back with Last-Event-ID
    double reconnect_every = 1;    ///< seconds
    bool dense_ids = false;        ///< the id of an event is the last one's and one
    std::size_t sample = 1;        ///< the latency of one event in so many is taken
    /// More than 0: all ask for gzip, and one reader in so many reads what it gets. The others count bytes,
    /// as inflating for all would take the CPU from the server; they are taken to have as many events.
    std::size_t gzip = 0;
};

/// What readers saw.
struct LoadCounts {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t missing = 0;    ///< ids that were skipped (dense_ids)
    std::uint64_t misplaced = 0;  ///< ids not above the one before
    std::uint64_t reconnects = 0;
    std::uint64_t cut_off = 0;  ///< streams that the server ended
    std::uint64_t fewest = 0;   ///< events of the reader that has the fewest
    std::uint64_t most = 0;
};

struct Latency {
    std::int64_t at = 0;  ///< nanoseconds since 1970, when it came
    double milliseconds = 0;
};

/// Subscribers of an event stream, each thread with its share of them and an epoll instance.
class Load {
  public:
    /// Connects all of them, one after the other, and begins to read. Throws std::runtime_error when the
    /// server does not let them in.
    explicit Load(const LoadOptions& options);
    ~Load();
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    /// Since the beginning. Any thread.
    [[nodiscard]] LoadCounts counts() const;

    /// From here on latencies are kept.
    void begin_sampling();
    /// Ends all; the latencies. "sent_at_ns" in the payload says when it was sent.
    [[nodiscard]] std::vector<Latency> finish();

  private:
    class Worker;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<int> silent_;
};

}  // namespace perf
