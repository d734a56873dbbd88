#include "storage/postgresql_deadline.h"

#include <sys/socket.h>

namespace storage {

Deadlines::Deadlines(Clock::duration patience)
    : patience_(patience), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Deadlines::Watch::Watch(Deadlines& deadlines, int socket)
    : deadlines_(deadlines), socket_(socket), until_(Clock::now() + deadlines.patience_) {
    const std::lock_guard lock(deadlines_.mutex_);
    place_ = deadlines_.watches_.insert(deadlines_.watches_.end(), this);
}

Deadlines::Watch::~Watch() {
    const std::lock_guard lock(deadlines_.mutex_);
    deadlines_.watches_.erase(place_);
}

/// Looks a few times within the patience, so that a call need not wake this thread.
void Deadlines::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        changed_.wait_for(lock, stop, patience_ / 4, [] { return false; });
        for (const auto* watch : watches_) {
            if (watch->until_ > Clock::now()) break;
            ::shutdown(watch->socket_, SHUT_RDWR);
        }
    }
}

}  // namespace storage
