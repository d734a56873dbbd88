#include "upstream/filter_reader.h"

#include <boost/asio/co_spawn.hpp>
#include <charconv>
#include <exception>
#include <fmt/format.h>
#include <functional>
#include <utility>

#include "base/rethrow.h"
#include "upstream/natural_key.h"

namespace upstream {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kCostOfEvent = 200;  // beside its payload
constexpr std::size_t kExcerpt = 200;
/// Within so long, a connection that is read again has caught up with the node.
constexpr std::chrono::seconds kCatchUp{10};
/// What an endpoint has in the node's buffer comes at once.
constexpr std::chrono::seconds kGapPatience{1};

std::optional<std::uint32_t> parse_id(const std::optional<std::string>& text) {
    if (!text || text->empty()) return std::nullopt;
    std::uint32_t id = 0;
    const char* const end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data(), end, id);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return id;
}

}  // namespace

struct FilterReader::Counters {
    Counters(base::Metrics& metrics, std::string_view filter)
        : received_bytes(metrics.received_bytes(filter)),
          stream_failed(metrics.error("connection_manager", "fetching_from_stream_failed")),
          unreadable(metrics.error("connection_manager", fmt::format("deserialization_error:{}", filter))),
          without_id(metrics.error("connection_manager", "event_without_id")),
          version_expected(metrics.error("connection_manager", "api_version_expected")),
          version_unreadable(metrics.error("connection_manager", "api_version_deserialization_failed")),
          begun(metrics.internal_event("event_received_start")),
          ended(metrics.internal_event("event_received_end")) {}

    base::Histogram& received_bytes;
    base::Counter& stream_failed;
    base::Counter& unreadable;
    base::Counter& without_id;
    base::Counter& version_expected;
    base::Counter& version_unreadable;
    base::Counter& begun;
    base::Counter& ended;
};

/// While it lives the node is not to blame for the silence.
struct FilterReader::Pause {
    explicit Pause(FilterReader& of) : reader(of) {
        ++reader.pauses_;
        reader.changed_->notify();
    }
    ~Pause() {
        --reader.pauses_;
        reader.last_read_ = Clock::now();
        reader.changed_->notify();
    }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    FilterReader& reader;
};

FilterReader::FilterReader(std::shared_ptr<const NodeContext> node, base::Filter filter, FilterMemory& memory,
                           NodeGaps& gaps, base::KeyBytes identity, std::shared_ptr<Signal> changed)
    : node_(std::move(node)),
      filter_(filter),
      memory_(memory),
      gaps_(gaps),
      identity_(std::move(identity)),
      changed_(std::move(changed)),
      counters_(std::make_unique<Counters>(node_->shared->dependencies.metrics, base::filter_name(filter))),
      stream_(node_->shared->executor, node_->tls()),
      last_read_(Clock::now()),
      wake_(node_->shared->executor) {}

FilterReader::~FilterReader() = default;

void FilterReader::start() {
    asio::co_spawn(node_->shared->executor, run(shared_from_this()), base::rethrow);
}

void FilterReader::admit() {
    admitted_ = true;
    wake_.notify();
}

void FilterReader::close(NodeCause cause, std::string reason) {
    if (!closed_) {
        if (cause == NodeCause::Silent) counters_->stream_failed.Increment();
        closed_ = {.cause = cause, .message = std::move(reason)};
    }
    stream_.close();
    wake_.notify();
}

bool FilterReader::awaits_resumption() const {
    return phase_ == Phase::Reading && pauses_ == 0 && memory_.cursor.awaits_resumption();
}

void FilterReader::look_at_gaps() {
    if (waits_for_gaps_) wake_.notify();
}

bool FilterReader::kept_up() const {
    if (!behind_since_ || end_.cause == NodeCause::Silent || reads_anew(end_.cause)) return false;
    return said_goodbye_ || Clock::now() - *behind_since_ >= kCatchUp;
}

FilterReader::Clock::duration FilterReader::silence(Clock::time_point now) const {
    return connected() && pauses_ == 0 ? now - last_read_ : Clock::duration::zero();
}

asio::awaitable<void> FilterReader::run(std::shared_ptr<FilterReader> self) {
    self->end_ = co_await self->read_to_end();
    if (self->closed_) self->end_ = std::move(*self->closed_);
    self->stream_.close();
    self->phase_ = Phase::Ended;
    self->changed_->notify();
}

asio::awaitable<FilterReader::End> FilterReader::read_to_end() {
    if (closed_) co_return End{};
    const auto timeout = node_->options.connection_timeout;
    const auto start_from = memory_.cursor.begin();
    const auto address = node_->sse_address();
    const auto opened = co_await stream_.open(address, filter_, start_from, timeout);
    if (!opened) co_return failed(opened.error().message);
    node_->log->debug("node {}: {} opened with start_from={}", node_->options.name,
                      base::filter_name(filter_), start_from);

    stream_.set_deadline(Clock::now() + timeout);
    SseParser parser(node_->options.max_event_size);
    std::vector<SseEvent> events;
    for (;;) {
        const auto bytes = co_await stream_.read();
        if (!bytes) co_return failed(bytes.error().message);
        last_read_ = Clock::now();
        events.clear();
        parser.feed(*bytes, events);
        auto end = co_await take_all(events);
        if (end) co_return std::move(*end);
    }
}

asio::awaitable<std::optional<FilterReader::End>> FilterReader::take_all(std::vector<SseEvent>& events) {
    const auto count = static_cast<double>(events.size());
    counters_->begun.Increment(count);
    for (auto& frame : events) {
        if (phase_ == Phase::Connecting) {
            if (auto end = check_first(frame)) co_return end;
            stream_.clear_deadline();
            co_await wait_for_admission();
        }
        if (closed_) co_return End{};
        auto end = co_await take(frame);
        if (end) co_return end;
    }
    const bool pushed = co_await flush();
    if (!pushed) co_return End{};
    counters_->ended.Increment(count);
    co_return std::nullopt;
}

std::optional<FilterReader::End> FilterReader::check_first(const SseEvent& frame) {
    base::Event event;
    const auto classified = classifier_.classify(frame.data, event);
    const bool is_version = classified ? event.kind == base::Kind::ApiVersion
                                       : classified.error().problem == ClassifyProblem::BadVersion;
    if (!is_version || frame.id) {
        counters_->version_expected.Increment();
        return End{.message = "the first frame is not an ApiVersion"};
    }
    if (!classified) {
        counters_->version_unreadable.Increment();
        return End{.message = fmt::format("the first frame has an unreadable {}", classified.error().detail)};
    }
    return std::nullopt;
}

asio::awaitable<void> FilterReader::wait_for_admission() {
    const Pause pause(*this);
    phase_ = Phase::Ready;
    changed_->notify();
    while (!admitted_ && !closed_) co_await wake_.wait();
    phase_ = Phase::Reading;
    behind_since_ = Clock::now();
}

asio::awaitable<std::optional<FilterReader::End>> FilterReader::take(SseEvent& frame) {
    counters_->received_bytes.observe(static_cast<double>(frame.data.size()));
    if (frame.oversized) {
        const auto limit = node_->options.max_event_size;
        co_return skip(frame, counters_->unreadable, fmt::format("larger than the limit of {} bytes", limit));
    }
    base::Event event;
    const auto classified = classifier_.classify(frame.data, event);
    if (!classified) {
        const bool is_version = classified.error().problem == ClassifyProblem::BadVersion;
        co_return skip(frame, is_version ? counters_->version_unreadable : counters_->unreadable,
                       classified.error().detail);
    }
    event.filter = filter_;
    event.node = node_->options.name;
    event.received = last_read_;
    if (event.kind == base::Kind::ApiVersion) {
        event.position = memory_.cursor.position();
        add_to_batch(std::move(event));
        co_return std::nullopt;
    }

    const auto id = parse_id(frame.id);
    if (!id) co_return skip(frame, counters_->without_id, "without an id");
    bool is_new = false;
    auto end = judge(*id, &event, is_new);
    if (end || !is_new) co_return end;
    if (event.kind == base::Kind::BlockAdded && event.height)
        node_->shared->peers.block(event.node, *event.height, last_read_);

    if (gaps_.open()) {
        const bool told = co_await wait_for_gaps();
        if (!told) co_return End{};
    }
    event.position = memory_.cursor.position();
    if (base::row_of(event.kind).key == base::KeyShape::Occurrence) {
        event.key = occurrence_key(identity_, event.filter, event.position);
    }
    said_goodbye_ = event.kind == base::Kind::Shutdown;
    event.payload = std::move(frame.data);
    if (event.payload.size() > node_->shared->dependencies.large_payload) {
        const bool ready = co_await stage(event);
        if (!ready) co_return End{};
    }
    add_to_batch(std::move(event));
    co_return std::nullopt;
}

std::optional<FilterReader::End> FilterReader::judge(std::uint32_t id, const base::Event* event,
                                                     bool& is_new) {
    const auto before = memory_.cursor.position();
    FilterCursor::Identity identity;
    if (event != nullptr) identity = {.kind = event->kind, .key = event->key};
    using enum FilterCursor::Verdict;
    const auto verdict = memory_.cursor.see(id, event != nullptr ? &identity : nullptr);
    if (verdict == Restarted) {
        return End{.cause = NodeCause::IdsRestarted,
                   .message = fmt::format("its event ids started again (asked from {}, got {})",
                                          before.event_id, id)};
    }
    auto place = memory_.cursor.position();
    place.event_id = id;
    gaps_.finder().began(filter_, place);
    if (verdict == Gap) {
        return End{.cause = NodeCause::Gap,
                   .message = fmt::format("{} no longer holds event {} and goes on with {}",
                                          base::filter_name(filter_), before.event_id, id)};
    }
    is_new = verdict != Known;
    return std::nullopt;
}

std::optional<FilterReader::End> FilterReader::skip(const SseEvent& frame, base::Counter& counter,
                                                    std::string_view why) {
    counter.Increment();
    complain(why, frame.data);
    const auto id = parse_id(frame.id);
    bool is_new = false;
    return id ? judge(*id, nullptr, is_new) : std::nullopt;
}

void FilterReader::complain(std::string_view why, std::string_view payload) {
    const auto held_back = memory_.complaints.pass();
    if (!held_back) return;
    node_->log->warn("node {}: {}: event skipped: {} ({} like it since the last such line): {:?}",
                     node_->options.name, base::filter_name(filter_), why, *held_back,
                     payload.substr(0, kExcerpt));
}

/// Before an event is handed on that comes after a gap. False: the reader is closed.
asio::awaitable<bool> FilterReader::wait_for_gaps() {
    const Pause pause(*this);  // which also has the other readers look again
    const auto patience_ends = Clock::now() + kGapPatience;
    waits_for_gaps_ = true;
    while (!closed_) {
        const bool last_chance = Clock::now() >= patience_ends;
        if (gaps_.settled(last_chance)) break;
        co_await wake_.wait_until(last_chance ? Clock::time_point::max() : patience_ends);
    }
    waits_for_gaps_ = false;
    co_return !closed_;
}

asio::awaitable<bool> FilterReader::stage(base::Event& event) {
    const bool pushed = co_await flush();
    if (!pushed) co_return false;

    // The payload is lent, not copied: it comes back once the stager is done with it.
    auto payload = std::exchange(event.payload, {});
    const auto lent = std::make_shared<base::Event>(event);
    lent->payload = std::move(payload);
    auto done = [shared = node_->shared, weak = weak_from_this()](std::uint64_t number) {
        shared->mailbox.post([weak, number] {
            const auto self = weak.lock();
            if (!self) return;
            self->staged_ = number;
            self->wake_.notify();
        });
    };
    staged_.reset();
    const Pause pause(*this);
    node_->shared->dependencies.stage_payload(lent, std::move(done));
    while (!staged_ && !closed_) co_await wake_.wait();
    if (closed_) co_return false;

    event.staged_payload = *staged_;
    if (event.staged_payload != 0) event.payload = std::move(lent->payload);
    co_return true;
}

void FilterReader::add_to_batch(base::Event event) {
    batch_cost_ += event.payload.size() + kCostOfEvent;
    batch_.events.push_back(std::move(event));
}

asio::awaitable<bool> FilterReader::flush() {
    if (batch_.events.empty()) co_return !closed_;
    std::optional<ResumePoint> last;
    for (auto event = batch_.events.rbegin(); event != batch_.events.rend() && !last; ++event) {
        if (event->kind == base::Kind::ApiVersion) continue;
        last = ResumePoint{.position = event->position, .kind = event->kind, .key = event->key};
    }
    batch_.network_name = node_->shared->guard.name();
    Batch batch = std::move(batch_);
    batch_ = Batch();
    const auto cost = std::exchange(batch_cost_, 0);
    const bool pushed = co_await push(std::move(batch), cost);
    if (pushed && last) {
        gaps_.finder().handed_on(filter_, last->position);
        memory_.cursor.commit(*last);
    }
    co_return pushed;
}

asio::awaitable<bool> FilterReader::push(Batch batch, std::size_t cost) {
    while (!closed_) {
        auto on_space = [shared = node_->shared, weak = weak_from_this()] {
            shared->mailbox.post([weak] {
                const auto self = weak.lock();
                if (!self) return;
                self->has_space_ = true;
                self->wake_.notify();
            });
        };
        has_space_ = false;
        if (node_->shared->dependencies.queue.try_push(std::move(batch), cost, std::move(on_space)))
            co_return true;

        const Pause pause(*this);
        while (!has_space_ && !closed_) co_await wake_.wait();
        behind_since_ = Clock::now();
    }
    co_return false;
}

FilterReader::End FilterReader::failed(std::string message) {
    if (!closed_) counters_->stream_failed.Increment();
    return {.message = std::move(message)};
}

}  // namespace upstream
