#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/result.h"
#include "storage/slots.h"
#include "storage/sqlite.h"

namespace storage {

/// Readers of a database file, made when they are needed, at most so many at a time. A Reader is made of the
/// file, used by one thread at a time, and throws SqliteFailure. Thread-safe.
template <class Reader>
class ReaderPool {
  public:
    ReaderPool(std::filesystem::path file, std::size_t most)
        : file_(std::move(file)), slots_(most == 0 ? 1 : most) {}

    /// Calls `read` with a reader, after waiting in turn while all are lent; what it returns, or its
    /// SqliteFailure in words.
    template <class Read>
    [[nodiscard]] auto read(Read&& read) -> base::Result<decltype(read(std::declval<Reader&>()))> {
        try {
            auto lease = borrow();
            try {
                return read(lease.reader());
            } catch (...) {
                lease.discard();
                throw;
            }
        } catch (const SqliteFailure& failure) {
            return to_error(failure, file_);
        }
    }

  private:
    // After a rush the others are closed: each holds some hundred kilobytes.
    static constexpr std::size_t kMostIdle = 8;

    /// A reader for the time of one read. One that failed is closed instead of being lent again.
    class Lease {
      public:
        Lease(ReaderPool& pool, std::unique_ptr<Reader> reader) : pool_(pool), reader_(std::move(reader)) {}
        ~Lease() { pool_.give_back(std::move(reader_)); }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;

        [[nodiscard]] Reader& reader() { return *reader_; }
        void discard() { reader_.reset(); }

      private:
        ReaderPool& pool_;
        std::unique_ptr<Reader> reader_;
    };

    /// Throws SqliteFailure when a new reader cannot be opened.
    [[nodiscard]] Lease borrow() {
        slots_.take();
        std::unique_ptr<Reader> reader;
        {
            const std::lock_guard lock(mutex_);
            if (!idle_.empty()) {
                reader = std::move(idle_.back());
                idle_.pop_back();
            }
        }
        if (reader) return {*this, std::move(reader)};
        try {
            return {*this, std::make_unique<Reader>(file_)};
        } catch (...) {
            give_back(nullptr);
            throw;
        }
    }

    void give_back(std::unique_ptr<Reader> reader) {
        {
            const std::lock_guard lock(mutex_);
            if (reader && idle_.size() < kMostIdle) idle_.push_back(std::move(reader));
        }
        slots_.give_back();
    }

    std::filesystem::path file_;
    Slots slots_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Reader>> idle_;
};

}  // namespace storage
