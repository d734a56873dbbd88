#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.h"
#include "storage/postgresql_head.h"
#include "storage/postgresql_pool.h"

namespace storage {

/// Follows the head of the log, on a thread of its own: told by the server when it grew, and once a second
/// anyway. While the database fails, it connects again with a back-off.
class PostgresqlListener {
  public:
    /// `connection`: the listener's own; none: it looks at the head through the pool, once a second.
    PostgresqlListener(PostgresqlPool& pool, Deadlines& deadlines,
                       std::unique_ptr<PostgresqlConnection> connection, KnownHead& head,
                       std::int64_t instance, base::Log log);
    ~PostgresqlListener();
    PostgresqlListener(const PostgresqlListener&) = delete;
    PostgresqlListener& operator=(const PostgresqlListener&) = delete;

    /// EventLog::watch.
    void watch(std::function<void()> grown);

    /// Someone else learnt of a head. Any thread.
    void wake();

  private:
    class Ear;

    void run();
    void follow();
    void connect();
    void look();
    /// Waits for the server, for wake(), or for so long; false when it is to end.
    [[nodiscard]] bool wait(int socket, int milliseconds);
    void tell();
    void failed(const PostgresqlFailure& failure);

    PostgresqlPool& pool_;
    Deadlines& deadlines_;
    KnownHead& head_;
    const std::int64_t instance_;
    const base::Log log_;
    const bool listens_;

    std::unique_ptr<PostgresqlConnection> connection_;
    std::unique_ptr<Ear> ear_;  // after the connection that it listens on
    bool failing_ = false;

    std::mutex mutex_;  // guards grown_; held while it is called
    std::function<void()> grown_;

    int wake_up_ = -1;  // an eventfd
    std::atomic<bool> stopped_ = false;
    std::thread thread_;  // last: it uses all the others
};

/// Takes the name of the instance for this connection's life; false when another connection has it.
[[nodiscard]] bool claim_instance(PostgresqlConnection& connection, std::int64_t instance);

}  // namespace storage
