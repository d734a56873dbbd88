#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/log.h"
#include "base/metrics.h"
#include "upstream/classifier.h"
#include "upstream/event_stream.h"
#include "upstream/filter_cursor.h"
#include "upstream/node_context.h"
#include "upstream/node_gaps.h"
#include "upstream/node_state.h"
#include "upstream/signal.h"
#include "upstream/sse_parser.h"

namespace upstream {

/// What is remembered of one endpoint of one node from one connection to the next.
struct FilterMemory {
    FilterCursor cursor;
    base::LogLimiter complaints{std::chrono::seconds(60)};
};

/// One connection to one endpoint of one node: reads events until the stream ends and hands them to the queue
/// in order. Reading pauses while the queue is full or a large payload is being staged. The first frame must
/// be an ApiVersion. One thread.
class FilterReader : public std::enable_shared_from_this<FilterReader> {
  public:
    using Clock = std::chrono::steady_clock;

    enum class Phase : std::uint8_t {
        Connecting,  ///< up to the first frame
        Ready,       ///< connected and compatible; hands nothing on before admit()
        Reading,
        Ended,  ///< the connection is closed and nothing is under way any more
    };

    struct End {
        NodeCause cause = NodeCause::StreamFailed;
        std::string message;
    };

    /// `memory` and `gaps` outlive the reader; `identity` is the node's; `changed` is notified at each change
    /// of phase.
    FilterReader(std::shared_ptr<const NodeContext> node, base::Filter filter, FilterMemory& memory,
                 NodeGaps& gaps, base::KeyBytes identity, std::shared_ptr<Signal> changed);
    ~FilterReader();
    FilterReader(const FilterReader&) = delete;
    FilterReader& operator=(const FilterReader&) = delete;

    void start();
    void admit();
    /// Ended comes soon after, with this cause. What was not handed on is forgotten, for it will be read
    /// again.
    void close(NodeCause cause, std::string reason);

    [[nodiscard]] Phase phase() const { return phase_; }
    [[nodiscard]] bool connected() const { return phase_ == Phase::Ready || phase_ == Phase::Reading; }
    /// Reading, and not held up by what comes after it.
    [[nodiscard]] bool reads() const { return phase_ == Phase::Reading && pauses_ == 0; }
    [[nodiscard]] const End& end() const { return end_; }

    /// Resumed, and nothing has come yet: a node that holds the event read last, or a later one, sends it at
    /// once.
    [[nodiscard]] bool awaits_resumption() const;
    /// There is an event to resume from.
    [[nodiscard]] bool resumes() const { return memory_.cursor.committed().has_value(); }

    /// A gap that events wait for may be settled.
    void look_at_gaps();
    /// At the end: all that the node had sent was read.
    [[nodiscard]] bool kept_up() const;

    /// For how long nothing has come though it was waited for.
    [[nodiscard]] Clock::duration silence(Clock::time_point now) const;

  private:
    struct Counters;
    struct Pause;

    [[nodiscard]] static boost::asio::awaitable<void> run(std::shared_ptr<FilterReader> self);
    [[nodiscard]] boost::asio::awaitable<End> read_to_end();
    [[nodiscard]] boost::asio::awaitable<std::optional<End>> take_all(std::vector<SseEvent>& events);
    [[nodiscard]] std::optional<End> check_first(const SseEvent& frame);
    [[nodiscard]] boost::asio::awaitable<void> wait_for_admission();

    [[nodiscard]] boost::asio::awaitable<std::optional<End>> take(SseEvent& frame);
    [[nodiscard]] std::optional<End> judge(std::uint32_t id, const base::Event* event, bool& is_new);
    [[nodiscard]] std::optional<End> skip(const SseEvent& frame, base::Counter& counter,
                                          std::string_view why);
    [[nodiscard]] boost::asio::awaitable<bool> wait_for_gaps();
    [[nodiscard]] boost::asio::awaitable<bool> stage(base::Event& event);
    [[nodiscard]] boost::asio::awaitable<bool> flush();
    [[nodiscard]] boost::asio::awaitable<bool> push(Batch batch, std::size_t cost);
    void add_to_batch(base::Event event);
    void commit(const base::EventBatch& events);
    void complain(std::string_view why, std::string_view payload);
    [[nodiscard]] End failed(std::string message);

    std::shared_ptr<const NodeContext> node_;
    base::Filter filter_;
    FilterMemory& memory_;
    NodeGaps& gaps_;
    const base::KeyBytes identity_;
    std::shared_ptr<Signal> changed_;
    std::unique_ptr<Counters> counters_;

    EventStream stream_;
    Classifier classifier_;
    Phase phase_ = Phase::Connecting;
    End end_;
    std::optional<End> closed_;  ///< from outside
    Clock::time_point last_read_;
    std::optional<Clock::time_point> behind_since_;  ///< admitted, or held up, then
    bool said_goodbye_ = false;                      ///< the node's Shutdown was read

    Batch batch_;
    std::size_t batch_cost_ = 0;

    Signal wake_;  ///< for the waits below
    int pauses_ = 0;
    bool admitted_ = false;
    bool has_space_ = false;
    bool waits_for_gaps_ = false;
    std::optional<std::uint64_t> staged_;
};

}  // namespace upstream
