#pragma once

#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/result.h"
#include "storage/sqlite_reader.h"

namespace storage {

/// Readers, made when they are needed, at most so many at a time. Thread-safe.
class ReaderPool {
  public:
    ReaderPool(std::filesystem::path file, std::size_t most)
        : file_(std::move(file)), most_(most == 0 ? 1 : most) {}

    /// Calls `read` with a reader, after waiting while all are lent; what it returns, or its SqliteFailure in
    /// words.
    template <class Read>
    [[nodiscard]] auto read(Read&& read) -> base::Result<decltype(read(std::declval<SqliteReader&>()))> {
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
    /// A reader for the time of one read. One that failed is closed instead of being lent again.
    class Lease {
      public:
        Lease(ReaderPool& pool, std::unique_ptr<SqliteReader> reader)
            : pool_(pool), reader_(std::move(reader)) {}
        ~Lease() { pool_.give_back(std::move(reader_)); }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;

        [[nodiscard]] SqliteReader& reader() { return *reader_; }
        void discard() { reader_.reset(); }

      private:
        ReaderPool& pool_;
        std::unique_ptr<SqliteReader> reader_;
    };

    /// Throws SqliteFailure when a new reader cannot be opened.
    [[nodiscard]] Lease borrow();
    void give_back(std::unique_ptr<SqliteReader> reader);

    std::filesystem::path file_;
    std::size_t most_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<SqliteReader>> idle_;
    std::size_t lent_ = 0;
};

}  // namespace storage
