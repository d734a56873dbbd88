#include "stream/publisher.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "base/named_thread.h"

namespace stream {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostEventsAtOnce = 2048;
constexpr std::size_t kMostBytesReadAtOnce = std::size_t{4} << 20;
constexpr auto kIdleFlush = 1000ms;
constexpr auto kForever = std::chrono::milliseconds(1h);
constexpr auto kFirstRetry = 50ms;
constexpr auto kLongestRetry = 1000ms;
constexpr auto kStopPatience = 2s;

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
      followed_(metrics.events("followed")) {}

Publisher::~Publisher() {
    stop();
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
        const bool last = queue_.closed();
        auto batches = queue_.take_all(until_flush());
        if (!batches.empty()) {
            if (!publish(std::move(batches))) return;
            continue;
        }
        if (!follow_up_to(log_.range().next)) return;
        if (last || (flush_at_ && Clock::now() >= *flush_at_)) flush();
        if (last) return;
    }
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
bool Publisher::publish(std::vector<base::Batch> batches) {
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
        if (!publish_slice(slice, network_name)) return false;
    }
    return true;
}

bool Publisher::publish_slice(std::span<base::Event> slice, const std::string& network_name) {
    const auto appended = with_patience(kStoring, [&] { return log_.append(slice, network_name); });
    if (!appended) return false;
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
    for (std::size_t i = 0; i < slice.size(); ++i) {
        auto& event = slice[i];
        if (appended.ids[i] != 0) {
            publication->frames.push_back(std::make_shared<const Frame>(
                appended.ids[i], event.kind, event.filter, appended.versions[i], event.payload));
            next_ = appended.ids[i] + 1;
        } else if (event.kind != base::Kind::ApiVersion) {
            duplicates_.Increment();
        }
        event.payload = std::string();  // gives the memory back, as {} would not
    }
    appended_.Increment(static_cast<double>(publication->frames.size()));
    sink_(std::move(publication));
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
        publication->frames.push_back(std::make_shared<const Frame>(event.id, event.kind, event.filter,
                                                                    event.api_version, event.payload));
        event.payload = std::string();
    }
    next_ = page.next;
    followed_.Increment(static_cast<double>(publication->frames.size()));
    sink_(std::move(publication));
}

/// Tries again while the log is unavailable. An error: there is no use in going on.
template <class Try>
auto Publisher::with_patience(const Words& words, Try&& attempt) -> decltype(attempt()) {
    auto delay = std::chrono::milliseconds(kFirstRetry);
    bool failing = false;
    for (;;) {
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
