#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "base/event_queue.h"
#include "base/log.h"
#include "base/metrics.h"
#include "storage/event_log.h"
#include "stream/chain_head.h"
#include "stream/publication.h"

namespace stream {

/// The one writer: takes whatever waits, appends it to the log in one transaction, and only then hands the
/// frames on, strictly in the order of their ids: what others appended to the same log meanwhile, or an
/// append whose answer was lost, is read from the log and goes before. While the log cannot be written or
/// read, it holds on to what it took and tries again; the queue fills, and the nodes' own buffers keep the
/// rest.
class Publisher {
  public:
    using Sink = std::function<void(PublicationPtr)>;

    /// `next`: the first id that was not handed on yet. `failed`: called once, on the publisher's thread,
    /// when a batch can never be stored; nothing is taken after it.
    Publisher(storage::EventLog& log, base::EventQueue& queue, base::EventId next, Sink sink,
              std::function<void(base::Error)> failed, base::Log lines, base::Metrics& metrics);
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    struct Words;

    /// Why nothing can be published now.
    struct Outage {
        std::string what;  ///< in words, with the log's error
        std::chrono::system_clock::time_point since;
    };

    /// What the log held before: the height of its newest block, and when that was stored. Before start().
    void begin_at_block(std::uint64_t height, std::chrono::system_clock::time_point stored);

    void start();

    /// Any thread.
    [[nodiscard]] std::optional<Outage> outage() const;
    [[nodiscard]] const ChainHead& chain_head() const { return chain_head_; }

    /// When it last went on with something, retries included; the queue's wake() makes it do so. Any thread.
    [[nodiscard]] std::chrono::steady_clock::time_point last_turn() const { return last_turn_; }

    /// Closes the queue, stores and publishes what is in it, and ends. Where the log fails, it gives up: what
    /// is not stored is still with the nodes.
    void stop();

  private:
    using Clock = std::chrono::steady_clock;

    void run();
    /// How many events there were; none: there is no use in going on.
    [[nodiscard]] std::optional<std::size_t> publish(std::vector<base::Batch> batches);
    [[nodiscard]] bool publish_slice(std::span<base::Event> slice, const std::string& network_name);
    [[nodiscard]] bool follow_up_to(base::EventId end);
    void publish_stored(storage::Page page);
    void hand_on(std::shared_ptr<Publication> publication);
    void publish_appended(std::span<base::Event> slice, const storage::Appended& appended);
    template <class Try>
    [[nodiscard]] auto with_patience(const Words& words, Try&& attempt) -> decltype(attempt());
    void count_save_errors(std::span<const base::Event> slice);
    void set_outage(std::optional<Outage> outage);
    [[nodiscard]] bool pause(std::chrono::milliseconds time);
    /// How long to rest after that many events.
    [[nodiscard]] Clock::duration rest_after(std::size_t events, Clock::time_point now);
    void rest_until(Clock::time_point time);
    [[nodiscard]] std::chrono::milliseconds until_flush() const;
    void flush();

    storage::EventLog& log_;
    base::EventQueue& queue_;
    base::EventId next_;  ///< to be handed on
    const Sink sink_;
    const std::function<void(base::Error)> failed_;
    const base::Log lines_;
    base::Counter& appended_;
    base::Counter& duplicates_;
    base::Counter& followed_;
    std::array<base::Counter*, base::kKinds.size()> stored_{};
    std::array<base::Counter*, base::kKinds.size()> save_errors_{};
    base::Counter& save_start_;
    base::Counter& save_end_;
    base::Counter& send_start_;
    base::Counter& send_end_;
    base::Histogram::Tally ingest_seconds_;
    base::Histogram& append_seconds_;
    base::Histogram& batch_events_;
    ChainHead chain_head_{Clock::now()};
    Clock::time_point counted_at_;
    double events_of_last_second_ = 0;           ///< about so many, at counted_at_
    std::optional<Clock::time_point> flush_at_;  ///< while there are positions to be stored
    std::atomic<Clock::time_point> last_turn_{};

    mutable std::mutex mutex_;  // guards the following three
    std::condition_variable stop_asked_;
    std::optional<std::chrono::steady_clock::time_point> give_up_at_;  ///< once a stop is asked for
    std::optional<Outage> outage_;
    std::thread thread_;
};

}  // namespace stream
