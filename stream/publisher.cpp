#include "stream/publisher.h"

#include <algorithm>
#include <iterator>

#include "base/named_thread.h"

namespace stream {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostEventsAtOnce = 2048;
constexpr auto kIdleFlush = 1000ms;
constexpr auto kForever = std::chrono::milliseconds(1h);
constexpr auto kFirstRetry = 50ms;
constexpr auto kLongestRetry = 1000ms;
constexpr auto kStopPatience = 2s;

}  // namespace

Publisher::Publisher(storage::EventLog& log, base::EventQueue& queue, Sink sink,
                     std::function<void(base::Error)> failed, base::Log lines, base::Metrics& metrics)
    : log_(log),
      queue_(queue),
      sink_(std::move(sink)),
      failed_(std::move(failed)),
      lines_(std::move(lines)),
      appended_(metrics.events("appended")),
      duplicates_(metrics.events("duplicate")) {}

Publisher::~Publisher() {
    stop();
}

void Publisher::start() {
    thread_ = base::named_thread("publisher", [this] { run(); });
}

void Publisher::stop() {
    {
        const std::lock_guard lock(mutex_);
        give_up_at_ = std::chrono::steady_clock::now() + kStopPatience;
    }
    stop_asked_.notify_all();
    queue_.close();
    if (thread_.joinable()) thread_.join();
}

void Publisher::run() {
    for (;;) {
        auto batches = queue_.take_all(positions_pending_ ? kIdleFlush : kForever);
        if (!batches.empty()) {
            if (!publish(std::move(batches))) return;
            continue;
        }
        flush();
        if (queue_.closed()) return;
    }
}

void Publisher::flush() {
    if (!positions_pending_) return;
    if (log_.flush()) positions_pending_ = false;
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
    const auto appended = append_with_patience(slice, network_name);
    if (!appended) return false;
    positions_pending_ = true;

    auto publication = std::make_shared<Publication>();
    publication->api_version = appended->versions.back();
    for (std::size_t i = 0; i < slice.size(); ++i) {
        auto& event = slice[i];
        if (appended->ids[i] != 0) {
            publication->frames.push_back(std::make_shared<const Frame>(
                appended->ids[i], event.kind, event.filter, appended->versions[i], event.payload));
        } else if (event.kind != base::Kind::ApiVersion) {
            duplicates_.Increment();
        }
        event.payload = std::string();  // gives the memory back, as {} would not
    }
    appended_.Increment(static_cast<double>(publication->frames.size()));
    sink_(std::move(publication));
    return true;
}

base::Result<storage::Appended> Publisher::append_with_patience(std::span<const base::Event> slice,
                                                                const std::string& network_name) {
    auto delay = std::chrono::milliseconds(kFirstRetry);
    bool failing = false;
    for (;;) {
        auto appended = log_.append(slice, network_name);
        if (appended) {
            if (failing) lines_->info("events are stored again; nothing was lost");
            return appended;
        }
        if (appended.error().category != base::Error::Category::Unavailable) {
            failed_(appended.error());
            return appended;
        }
        if (!failing) {
            lines_->error("events cannot be stored: {}; reading from the nodes pauses and goes on by itself",
                          appended.error().message);
        }
        failing = true;
        if (!pause(delay)) {
            lines_->warn("stopped while events could not be stored; they are read again from the nodes");
            return appended;
        }
        delay = std::min<std::chrono::milliseconds>(delay * 2, kLongestRetry);
    }
}

/// False when a stop was asked for and the patience for it is used up.
bool Publisher::pause(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    if (!stop_asked_.wait_for(lock, time, [&] { return give_up_at_.has_value(); })) return true;
    stop_asked_.wait_for(lock, kFirstRetry);
    return std::chrono::steady_clock::now() < *give_up_at_;
}

}  // namespace stream
