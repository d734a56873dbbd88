#include "stream/replays.h"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace stream {
namespace {

constexpr std::size_t kMostThreads = 4;

ReplayPage to_frames(storage::Page page) {
    ReplayPage replay;
    replay.next = page.next;
    replay.frames.reserve(page.events.size());
    for (auto& event : page.events) {
        replay.frames.push_back(std::make_shared<const Frame>(event.id, event.kind, event.filter,
                                                              event.api_version, event.payload));
        event.payload = {};
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

void Replays::wait_for_turn(std::function<void(TurnPtr)> granted) {
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) return;
        if (turns_taken_ == max_at_a_time_) {
            waiting_.push_back(std::move(granted));
            return;
        }
        ++turns_taken_;
    }
    granted(std::make_unique<Turn>(*this));
}

bool Replays::wanted() const {
    const std::lock_guard lock(mutex_);
    return !waiting_.empty();
}

void Replays::give_back() {
    std::function<void(TurnPtr)> next;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty() || stopped_) {
            --turns_taken_;
            return;
        }
        next = std::move(waiting_.front());
        waiting_.pop_front();
    }
    next(std::make_unique<Turn>(*this));
}

void Replays::read(const storage::ReadRequest& request, std::function<void(base::Result<ReplayPage>)> done) {
    boost::asio::post(threads_, [this, request, done = std::move(done)] {
        auto page = log_.read(request);
        if (page) {
            done(to_frames(std::move(*page)));
        } else {
            done(page.error());
        }
    });
}

void Replays::stop() {
    std::deque<std::function<void(TurnPtr)>> dropped;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        dropped.swap(waiting_);
    }
    threads_.stop();
    threads_.join();
}

}  // namespace stream
