#include "stream/replays.h"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace stream {
namespace {

constexpr std::size_t kMostThreads = 4;

ReplayPage to_frames(storage::Page page, base::EventId from, base::EventId oldest) {
    ReplayPage replay;
    replay.from = from;
    replay.oldest = oldest;
    replay.next = page.next;
    replay.frames.reserve(page.events.size());
    for (auto& event : page.events) {
        replay.frames.push_back(std::make_shared<const Frame>(event.id, event.kind, event.filter,
                                                              event.api_version, event.payload));
        event.payload = std::string();  // gives the memory back, as {} would not
    }
    return replay;
}

}  // namespace

Replays::Replays(const storage::EventLog& log, std::size_t max_at_a_time)
    : log_(log),
      max_at_a_time_(max_at_a_time),
      threads_(std::clamp<std::size_t>(max_at_a_time, 1, kMostThreads)) {}

Replays::~Replays() {
    stop();
}

Replays::Ticket Replays::wait_for_turn(std::function<void(TurnPtr)> granted) {
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) return 0;
        if (turns_taken_ == max_at_a_time_) {
            waiting_.emplace(++last_ticket_, std::move(granted));
            return last_ticket_;
        }
        ++turns_taken_;
    }
    granted(std::make_unique<Turn>(*this));
    return 0;
}

void Replays::forget(Ticket ticket) {
    const std::lock_guard lock(mutex_);
    waiting_.erase(ticket);
}

bool Replays::wanted() const {
    const std::lock_guard lock(mutex_);
    return !waiting_.empty();
}

bool Replays::stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
}

void Replays::give_back() {
    std::function<void(TurnPtr)> next;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty() || stopped_) {
            --turns_taken_;
            return;
        }
        next = std::move(waiting_.begin()->second);
        waiting_.erase(waiting_.begin());
    }
    next(std::make_unique<Turn>(*this));
}

void Replays::read(const storage::ReadRequest& request, std::function<void(base::Result<ReplayPage>)> done) {
    // Under the lock: what is posted after the threads have ended would outlive those who wait for it.
    std::unique_lock lock(mutex_);
    if (stopped_) {
        lock.unlock();
        return done(base::unavailable("the program ends"));
    }
    boost::asio::post(threads_, [this, request, done = std::move(done)] {
        if (stopped()) return done(base::unavailable("the program ends"));
        auto page = log_.read(request);
        if (page) {
            done(to_frames(std::move(*page), request.from, log_.range().oldest));
        } else {
            done(page.error());
        }
    });
}

void Replays::stop() {
    std::map<Ticket, std::function<void(TurnPtr)>> dropped;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        dropped.swap(waiting_);
    }
    threads_.join();
}

}  // namespace stream
