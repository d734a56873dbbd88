#include "stream/publisher.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iterator>
#include <utility>

#include "base/named_thread.h"

namespace stream {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostEventsAtOnce = 2048;
constexpr std::size_t kMostBytesReadAtOnce = std::size_t{4} << 20;
constexpr auto kRestPerEvent = 1ms;  // so that fewer than 1,000 a second, duplicates too, are not held up
constexpr auto kLongestRest = 8ms;
constexpr double kMany = 4000;  // events a second; a block's signatures are none
constexpr auto kRestPerEventOfMany = 250us;
constexpr auto kLongestRestOfMany = 20ms;
constexpr auto kIdleFlush = 1000ms;
constexpr auto kForever = std::chrono::milliseconds(1h);
constexpr auto kFirstRetry = 50ms;
constexpr auto kLongestRetry = 1000ms;
constexpr auto kStopPatience = 2s;

double in_seconds(std::chrono::steady_clock::duration time) {
    return std::chrono::duration<double>(time).count();
}

}  // namespace

/// What an operator reads of an outage.
struct Publisher::Words {
    std::string_view failing;
    std::string_view while_failing;
    std::string_view over;
};

namespace {

constexpr Publisher::Words kStoring{"events cannot be stored", "events could not be stored",
                                    "events are stored again"};
constexpr Publisher::Words kReading{"events that others stored cannot be read",
                                    "events that others stored could not be read",
                                    "events that others stored are read again"};

}  // namespace

Publisher::Publisher(storage::EventLog& log, base::EventQueue& queue, base::EventId next, Sink sink,
                     std::function<void(base::Error)> failed, base::Log lines, base::Metrics& metrics)
    : log_(log),
      queue_(queue),
      next_(next),
      sink_(std::move(sink)),
      failed_(std::move(failed)),
      lines_(std::move(lines)),
      appended_(metrics.events("appended")),
      duplicates_(metrics.events("duplicate")),
      followed_(metrics.events("followed")),
      save_start_(metrics.internal_event("db_save_start")),
      save_end_(metrics.internal_event("db_save_end")),
      send_start_(metrics.internal_event("outbound_sse_data_send_start")),
      send_end_(metrics.internal_event("outbound_sse_data_send_end")),
      ingest_seconds_(metrics.ingest_seconds()),
      append_seconds_(metrics.append_seconds()),
      batch_events_(metrics.batch_events()) {
    for (const auto& row : base::kKinds) {
        if (row.kind == base::Kind::ApiVersion) continue;
        stored_[static_cast<std::size_t>(row.kind)] = &metrics.stored(row.name);
        save_errors_[static_cast<std::size_t>(row.kind)] = &metrics.db_save_error(row.kind);
    }
}

Publisher::~Publisher() {
    stop();
}

void Publisher::begin_at_block(std::uint64_t height, std::chrono::system_clock::time_point stored) {
    // A clock that was set back since must not make the block one of the future.
    const auto age =
        std::max(std::chrono::system_clock::now() - stored, std::chrono::system_clock::duration::zero());
    chain_head_.block(height, Clock::now() - age);
}

void Publisher::start() {
    log_.watch([this] { queue_.wake(); });
    thread_ = base::named_thread("publisher", [this] { run(); });
}

void Publisher::stop() {
    {
        const std::lock_guard lock(mutex_);
        give_up_at_ = std::chrono::steady_clock::now() + kStopPatience;
    }
    stop_asked_.notify_all();
    log_.watch({});
    queue_.close();
    if (thread_.joinable()) thread_.join();
}

void Publisher::run() {
    for (;;) {
        last_turn_ = Clock::now();
        const bool last = queue_.closed();
        auto batches = queue_.take_all(until_flush());
        if (!batches.empty()) {
            const auto begun = Clock::now();
            const auto events = publish(std::move(batches));
            if (!events) return;
            rest_until(begun + rest_after(*events, begun));
            continue;
        }
        if (!follow_up_to(log_.range().next)) return;
        if (last || (flush_at_ && Clock::now() >= *flush_at_)) flush();
        if (last) return;
    }
}

Publisher::Clock::duration Publisher::rest_after(std::size_t events, Clock::time_point now) {
    const double passed = in_seconds(now - std::exchange(counted_at_, now));
    events_of_last_second_ = events_of_last_second_ * std::exp(-passed) + static_cast<double>(events);
    const auto usual = std::min<Clock::duration>(kLongestRest, events * kRestPerEvent);
    if (events_of_last_second_ < kMany) return usual;
    return std::max(usual, std::min<Clock::duration>(kLongestRestOfMany, events * kRestPerEventOfMany));
}

/// A transaction costs much the same for one event and for ten, and so does the waking of every subscriber:
/// where events come fast, more go together. One that comes after a pause never waits.
void Publisher::rest_until(Clock::time_point time) {
    std::unique_lock lock(mutex_);
    stop_asked_.wait_until(lock, time, [&] { return give_up_at_.has_value(); });
}

std::chrono::milliseconds Publisher::until_flush() const {
    if (!flush_at_) return kForever;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*flush_at_ - Clock::now());
    return std::max(left, std::chrono::milliseconds(0));
}

void Publisher::flush() {
    if (!flush_at_) return;
    flush_at_.reset();
    if (!log_.flush()) flush_at_ = Clock::now() + kIdleFlush;
}

/// Events of one network go together; the network guard sees to it that there are no others.
std::optional<std::size_t> Publisher::publish(std::vector<base::Batch> batches) {
    base::EventBatch all;
    std::string network_name;
    for (auto& batch : batches) {
        if (!batch.network_name.empty()) network_name = std::move(batch.network_name);
        std::ranges::move(batch.events, std::back_inserter(all));
    }
    batches.clear();
    const std::span<base::Event> events = all;
    for (std::size_t at = 0; at < events.size(); at += kMostEventsAtOnce) {
        const auto slice = events.subspan(at, std::min(kMostEventsAtOnce, events.size() - at));
        if (!publish_slice(slice, network_name)) return std::nullopt;
    }
    return events.size();
}

bool Publisher::publish_slice(std::span<base::Event> slice, const std::string& network_name) {
    save_start_.Increment(static_cast<double>(slice.size()));
    bool failed_before = false;
    const auto appended = with_patience(kStoring, [&] {
        const auto begin = Clock::now();
        auto stored = log_.append(slice, network_name);
        append_seconds_.observe(in_seconds(Clock::now() - begin));
        if (!stored && !std::exchange(failed_before, true)) count_save_errors(slice);
        return stored;
    });
    if (!appended) return false;
    save_end_.Increment(static_cast<double>(slice.size()));
    batch_events_.observe(static_cast<double>(slice.size()));
    flush_at_ = Clock::now() + kIdleFlush;

    const auto is_new = [](base::EventId id) { return id != 0; };
    const auto first = std::ranges::find_if(appended->ids, is_new);
    if (!follow_up_to(first == appended->ids.end() ? log_.range().next : *first)) return false;
    publish_appended(slice, *appended);
    return true;
}

void Publisher::publish_appended(std::span<base::Event> slice, const storage::Appended& appended) {
    auto publication = std::make_shared<Publication>();
    publication->api_version = appended.versions.back();
    const auto now = Clock::now();
    publication->committed = now;
    for (std::size_t i = 0; i < slice.size(); ++i) {
        auto& event = slice[i];
        if (appended.ids[i] != 0 && event.kind == base::Kind::BlockAdded && event.height)
            chain_head_.block(*event.height, now);
        if (appended.ids[i] != 0) {
            publication->frames.push_back(
                std::make_shared<const Frame>(appended.ids[i], event.kind, event.filter, appended.versions[i],
                                              event.payload, base::traits_of(event)));
            next_ = appended.ids[i] + 1;
            if (event.received != Clock::time_point{})
                ingest_seconds_.observe(in_seconds(now - event.received));
        } else if (event.kind != base::Kind::ApiVersion) {
            duplicates_.Increment();
        }
        event.payload = std::string();  // gives the memory back, as {} would not
    }
    ingest_seconds_.flush();
    appended_.Increment(static_cast<double>(publication->frames.size()));
    hand_on(std::move(publication));
}

/// Hands on what the log holds from next_ on, below this id. False when there is no use in going on.
bool Publisher::follow_up_to(base::EventId end) {
    while (next_ < end) {
        storage::ReadRequest request;
        request.from = next_;
        request.to = end;
        request.max_events = kMostEventsAtOnce;
        request.max_bytes = kMostBytesReadAtOnce;
        auto page = with_patience(kReading, [&] { return log_.read(request); });
        if (!page) return false;
        if (page->next == next_) {
            failed_(
                base::corrupt(fmt::format("the log does not hold event {}, which is below its head", next_)));
            return false;
        }
        publish_stored(std::move(*page));
    }
    return true;
}

void Publisher::publish_stored(storage::Page page) {
    auto publication = std::make_shared<Publication>();
    for (auto& event : page.events) {
        publication->api_version = std::max(publication->api_version, event.api_version);
        if (event.foreign) continue;
        if (event.kind == base::Kind::BlockAdded && event.height)
            chain_head_.block(*event.height, Clock::now());
        publication->frames.push_back(frame_of(std::move(event)));
    }
    next_ = page.next;
    followed_.Increment(static_cast<double>(publication->frames.size()));
    hand_on(std::move(publication));
}

void Publisher::hand_on(std::shared_ptr<Publication> publication) {
    std::array<std::size_t, base::kKinds.size()> counts{};
    for (const auto& frame : publication->frames) ++counts[static_cast<std::size_t>(frame->kind())];
    for (std::size_t kind = 0; kind < counts.size(); ++kind) {
        if (counts[kind] > 0) stored_[kind]->Increment(static_cast<double>(counts[kind]));
    }
    const auto count = static_cast<double>(publication->frames.size());
    send_start_.Increment(count);
    sink_(std::move(publication));
    send_end_.Increment(count);
}

/// Tries again while the log is unavailable. An error: there is no use in going on.
template <class Try>
auto Publisher::with_patience(const Words& words, Try&& attempt) -> decltype(attempt()) {
    auto delay = std::chrono::milliseconds(kFirstRetry);
    bool failing = false;
    for (;;) {
        last_turn_ = Clock::now();
        auto result = attempt();
        if (result) {
            if (failing) {
                set_outage(std::nullopt);
                lines_->info("{}; the nodes are read on", words.over);
            }
            return result;
        }
        if (result.error().category != base::Error::Category::Unavailable) {
            failed_(result.error());
            return result;
        }
        if (!failing) {
            lines_->error("{}: {}; reading from the nodes pauses and goes on by itself", words.failing,
                          result.error().message);
            set_outage(Outage{.what = fmt::format("{}: {}", words.failing, result.error().message),
                              .since = std::chrono::system_clock::now()});
        }
        failing = true;
        if (!pause(delay)) {
            lines_->warn("stopped while {}; they are read again from the nodes", words.while_failing);
            return result;
        }
        delay = std::min<std::chrono::milliseconds>(delay * 2, kLongestRetry);
    }
}

void Publisher::count_save_errors(std::span<const base::Event> slice) {
    for (const auto& event : slice) {
        auto* const counter = save_errors_[static_cast<std::size_t>(event.kind)];
        if (counter != nullptr) counter->Increment();
    }
}

std::optional<Publisher::Outage> Publisher::outage() const {
    const std::lock_guard lock(mutex_);
    return outage_;
}

void Publisher::set_outage(std::optional<Outage> outage) {
    const std::lock_guard lock(mutex_);
    outage_ = std::move(outage);
}

/// False when a stop was asked for and the patience for it is used up.
bool Publisher::pause(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    if (!stop_asked_.wait_for(lock, time, [&] { return give_up_at_.has_value(); })) return true;
    stop_asked_.wait_for(lock, kFirstRetry);
    return std::chrono::steady_clock::now() < *give_up_at_;
}

}  // namespace stream
