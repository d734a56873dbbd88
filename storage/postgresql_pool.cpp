#include "storage/postgresql_pool.h"

namespace storage {

namespace {

// After a rush the others are closed: each is a process of the server.
constexpr std::size_t kMostIdle = 4;

}  // namespace

PostgresqlPool::PostgresqlPool(const PostgresqlOptions& options, Deadlines& deadlines, std::size_t most)
    : options_(options), deadlines_(deadlines), slots_(most) {}

PostgresqlPool::Lease PostgresqlPool::borrow() {
    slots_.take();
    std::unique_ptr<Session> session;
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            session = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    if (session) return {*this, std::move(session)};
    try {
        return {*this, std::make_unique<Session>(options_, deadlines_)};
    } catch (...) {
        give_back(nullptr);
        throw;
    }
}

/// A failed session says that the idle ones may be of a server that is gone: they are closed, too.
void PostgresqlPool::give_back(std::unique_ptr<Session> session) {
    std::vector<std::unique_ptr<Session>> closed;
    {
        const std::lock_guard lock(mutex_);
        if (!session) {
            closed.swap(idle_);
        } else if (idle_.size() < kMostIdle) {
            idle_.push_back(std::move(session));
        }
    }
    slots_.give_back();
}

}  // namespace storage
