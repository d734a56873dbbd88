#include "storage/reader_pool.h"

#include <utility>

namespace storage {

namespace {

// After a rush the others are closed: each holds some hundred kilobytes.
constexpr std::size_t kMostIdle = 8;

}  // namespace

ReaderPool::Lease ReaderPool::borrow() {
    std::unique_ptr<SqliteReader> reader;
    {
        std::unique_lock lock(mutex_);
        returned_.wait(lock, [&] { return lent_ < most_; });
        lent_ += 1;
        if (!idle_.empty()) {
            reader = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    if (reader) return {*this, std::move(reader)};
    try {
        return {*this, std::make_unique<SqliteReader>(file_)};
    } catch (...) {
        give_back(nullptr);
        throw;
    }
}

void ReaderPool::give_back(std::unique_ptr<SqliteReader> reader) {
    {
        const std::lock_guard lock(mutex_);
        lent_ -= 1;
        if (reader && idle_.size() < kMostIdle) idle_.push_back(std::move(reader));
    }
    returned_.notify_one();
}

}  // namespace storage
