#include "stream/staggered_end.h"

#include <algorithm>

#include "stream/subscriber.h"

namespace stream {

void StaggeredEnd::begin(const Subscribers& subscribers, Clock::duration over, double phase) {
    stop();
    active_ = true;
    waiting_.assign(subscribers.begin(), subscribers.end());
    const auto turn = over / std::max<std::size_t>(waiting_.size(), 1);
    const auto ahead = std::chrono::duration_cast<Clock::duration>(turn * phase);
    const auto now = Clock::now();
    deadline_ = now + over - ahead;
    if (!waiting_.empty()) wait_until(now + turn - ahead);
}

void StaggeredEnd::add(const std::shared_ptr<Subscriber>& subscriber) {
    waiting_.push_back(subscriber);
    if (!armed_) wait_until(Clock::now());
}

void StaggeredEnd::stop() {
    active_ = false;
    armed_ = false;
    waiting_.clear();
    timer_.cancel();
}

void StaggeredEnd::wait_until(Clock::time_point due) {
    armed_ = true;
    timer_.expires_at(due);
    timer_.async_wait([this](boost::system::error_code error) {
        if (!error && active_) end_one();
    });
}

/// Who left without being asked gives its turn to the others.
void StaggeredEnd::end_one() {
    armed_ = false;
    std::shared_ptr<Subscriber> next;
    while (!next && !waiting_.empty()) {
        next = waiting_.front().lock();
        waiting_.pop_front();
    }
    if (next) next->drain(EndReason::Drained);
    if (waiting_.empty()) return;
    const auto now = Clock::now();
    const auto left = std::max(deadline_ - now, Clock::duration::zero());
    wait_until(now + left / waiting_.size());
}

}  // namespace stream
