#pragma once

#include <condition_variable>
#include <mutex>

#include "storage/sqlite.h"

namespace storage {

/// The one connection that writes, and whose turn it is to use it. The publisher goes before the maintenance
/// thread: it waits for the small transaction that runs, never for a second one.
class SqliteWriter {
  public:
    /// Holds the connection until it is destroyed.
    class Turn {
      public:
        explicit Turn(SqliteWriter& writer) : writer_(writer) {}
        ~Turn() { writer_.release(); }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

      private:
        SqliteWriter& writer_;
    };

    explicit SqliteWriter(SqliteConnection connection) : connection_(std::move(connection)) {}

    [[nodiscard]] Turn publisher_turn() {
        std::unique_lock lock(mutex_);
        publisher_waits_ = true;
        free_.wait(lock, [&] { return !taken_; });
        publisher_waits_ = false;
        taken_ = true;
        return Turn(*this);
    }

    [[nodiscard]] Turn maintenance_turn() {
        std::unique_lock lock(mutex_);
        free_.wait(lock, [&] { return !taken_ && !publisher_waits_; });
        taken_ = true;
        return Turn(*this);
    }

    /// To be used during a turn only, and before the threads begin and after they end.
    [[nodiscard]] const SqliteConnection& connection() const { return connection_; }

  private:
    void release() {
        {
            const std::lock_guard lock(mutex_);
            taken_ = false;
        }
        free_.notify_all();
    }

    SqliteConnection connection_;
    std::mutex mutex_;
    std::condition_variable free_;
    bool taken_ = false;
    bool publisher_waits_ = false;
};

}  // namespace storage
