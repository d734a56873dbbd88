#pragma once

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>

#include "storage/event_log.h"

namespace support {

/// An EventLog in memory, for tests of what stands above it; can be told to fail.
class MemoryLog final : public storage::EventLog {
  public:
    std::atomic<bool> reads_fail = false;
    std::atomic<bool> appends_fail = false;
    std::atomic<bool> reads_wait = false;  ///< notify it when it is made false
    std::atomic<bool> pages_wait =
        false;  ///< reads_wait, but not for those that ask only whether it can be read
    mutable std::atomic<unsigned> reads = 0;
    /// Where the pages began that were read, in order.
    [[nodiscard]] std::vector<base::EventId> page_starts() const {
        const std::lock_guard lock(mutex_);
        return page_starts_;
    }

    /// What another instance does; range() tells of it only once it is learnt of.
    void append_elsewhere(const base::EventBatch& batch, bool foreign = false) {
        const std::lock_guard lock(mutex_);
        for (const auto& event : batch) {
            if (append_one(event) != 0) events_.back().foreign = foreign;
        }
    }
    /// As when the database tells of it.
    void learn() {
        {
            const std::lock_guard lock(mutex_);
            known_ = range_;
        }
        const std::lock_guard lock(watch_mutex_);
        if (grown_) grown_();
    }
    [[nodiscard]] bool is_watched() const {
        const std::lock_guard lock(watch_mutex_);
        return grown_ != nullptr;
    }

    /// The next append stores its batch, and its answer is lost.
    std::atomic<bool> lose_next_answer = false;

    /// What retention does; one event may be kept.
    void prune_below(base::EventId id, base::EventId kept = 0) {
        const std::lock_guard lock(mutex_);
        std::erase_if(events_, [&](const auto& event) { return event.id < id && event.id != kept; });
        range_.oldest = id;
        known_.oldest = id;
    }

    std::string feed_id() const override { return "00000000-0000-4000-8000-000000000001"; }
    std::string network_name() const override { return "test"; }
    base::ApiVersion api_version() const override {
        const std::lock_guard lock(mutex_);
        return version_;
    }
    storage::Range range() const override {
        const std::lock_guard lock(mutex_);
        return known_;
    }
    void watch(std::function<void()> grown) override {
        const std::lock_guard lock(watch_mutex_);
        grown_ = std::move(grown);
    }
    base::Result<void> begin_at(base::EventId first) override {
        const std::lock_guard lock(mutex_);
        if (range_.next != 1) return base::invalid("the log is not new");
        range_ = {first, first};
        known_ = range_;
        return {};
    }
    storage::NodeStore& nodes() override { throw std::logic_error("no nodes in memory"); }
    const storage::EventFinder& finder() const override { throw std::logic_error("no finder in memory"); }
    storage::LogUsage usage() const override { return {}; }
    storage::Positions positions() const override { return {}; }

    base::Result<storage::Appended> append(std::span<const base::Event> batch, std::string_view) override {
        if (appends_fail) return base::unavailable("the disk is full");
        const std::lock_guard lock(mutex_);
        storage::Appended appended;
        for (const auto& event : batch) {
            appended.versions.push_back(version_);
            appended.ids.push_back(append_one(event));
        }
        appended.versions.push_back(version_);
        if (lose_next_answer.exchange(false)) return base::unavailable("the connection was lost");
        known_ = range_;
        return appended;
    }
    base::Result<void> flush() override { return {}; }
    void stage(std::shared_ptr<const base::Event>, Staged done) override { done(1); }

    base::Result<storage::Page> read(const storage::ReadRequest& request) const override {
        ++reads;
        reads_wait.wait(true);
        if (request.from != 0) pages_wait.wait(true);
        if (reads_fail) return base::unavailable("the disk is gone");
        const std::lock_guard lock(mutex_);
        known_ = range_;
        page_starts_.push_back(request.from);
        storage::Page page;
        std::size_t bytes = 0;
        page.next = std::min(request.to, range_.next);
        for (const auto& event : events_) {
            if (event.id < request.from || event.id >= request.to) continue;
            if (request.endpoint && !base::endpoints_of(event.kind, event.filter).contains(*request.endpoint))
                continue;
            bytes += event.payload.size();
            if (page.events.size() == request.max_events ||
                (!page.events.empty() && bytes > request.max_bytes)) {
                page.next = event.id;
                return page;
            }
            page.events.push_back(event);
        }
        page.next = std::max(page.next, request.from);
        return page;
    }

    base::Result<std::vector<storage::StoredEvent>> read_newest(std::size_t max_events,
                                                                std::size_t max_bytes) const override {
        const std::lock_guard lock(mutex_);
        std::size_t bytes = 0;
        auto first = events_.end();
        while (first != events_.begin() && static_cast<std::size_t>(events_.end() - first) < max_events) {
            bytes += std::prev(first)->payload.size();
            if (bytes > max_bytes && first != events_.end()) break;
            --first;
        }
        return std::vector<storage::StoredEvent>(first, events_.end());
    }

  private:
    base::EventId append_one(const base::Event& event) {
        if (event.kind == base::Kind::ApiVersion) {
            version_ = std::max(version_, event.api_version);
            return 0;
        }
        std::vector<std::uint8_t> key{static_cast<std::uint8_t>(event.kind)};
        key.insert(key.end(), event.key.first.begin(), event.key.first.end());
        key.push_back(0);
        key.insert(key.end(), event.key.second.begin(), event.key.second.end());
        if (!keys_.insert(key).second) return 0;
        events_.push_back({range_.next, event.kind, event.filter, version_, event.payload, false,
                           event.height, base::traits_of(event)});
        return range_.next++;
    }

    mutable std::mutex mutex_;
    std::vector<storage::StoredEvent> events_;
    mutable std::vector<base::EventId> page_starts_;
    std::set<std::vector<std::uint8_t>> keys_;
    storage::Range range_;
    mutable storage::Range known_;
    base::ApiVersion version_;
    mutable std::mutex watch_mutex_;
    std::function<void()> grown_;
};

}  // namespace support
