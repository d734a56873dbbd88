#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/result.h"
#include "storage/options.h"
#include "storage/payload_codec.h"
#include "storage/postgresql.h"
#include "storage/slots.h"

namespace storage {

/// Connections, made when they are needed, at most so many at a time. Thread-safe.
class PostgresqlPool {
  public:
    /// A connection, and what a thread needs beside one.
    struct Session {
        Session(const PostgresqlOptions& options, Deadlines& deadlines) : connection(options, deadlines) {}
        PostgresqlConnection connection;
        PayloadCodec codec;
        bool was_idle = false;  ///< it read before
    };

    /// `deadlines` outlives the pool.
    PostgresqlPool(const PostgresqlOptions& options, Deadlines& deadlines, std::size_t most);

    /// Calls `work` with a session, after waiting in turn while all are lent. A session with which it failed
    /// is closed. Throws PostgresqlFailure, as `work` may.
    template <class Work>
    auto use(Work&& work) {
        Lease lease = borrow();
        try {
            return work(lease.session());
        } catch (...) {
            lease.discard();
            throw;
        }
    }

    /// The same; the failure in words.
    template <class Work>
    [[nodiscard]] auto try_use(Work&& work) -> base::Result<decltype(work(std::declval<Session&>()))> {
        try {
            return use(std::forward<Work>(work));
        } catch (const PostgresqlFailure& failure) {
            return to_error(failure, options_);
        }
    }

    /// Likewise for work that only reads. A session that was idle may be of a server
    /// that was started again meanwhile: then it is tried once more with a new one.
    template <class Work>
    [[nodiscard]] auto try_read(Work&& work) -> base::Result<decltype(work(std::declval<Session&>()))> {
        for (bool was_idle = false;;) {
            try {
                return use([&](Session& session) {
                    was_idle = std::exchange(session.was_idle, true);
                    return work(session);
                });
            } catch (const PostgresqlFailure& failure) {
                if (!std::exchange(was_idle, false) ||
                    failure.category() != base::Error::Category::Unavailable)
                    return to_error(failure, options_);
            }
        }
    }

    [[nodiscard]] const PostgresqlOptions& options() const { return options_; }

  private:
    class Lease {
      public:
        Lease(PostgresqlPool& pool, std::unique_ptr<Session> session)
            : pool_(pool), session_(std::move(session)) {}
        ~Lease() { pool_.give_back(std::move(session_)); }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;

        [[nodiscard]] Session& session() { return *session_; }
        void discard() { session_.reset(); }

      private:
        PostgresqlPool& pool_;
        std::unique_ptr<Session> session_;
    };

    [[nodiscard]] Lease borrow();
    void give_back(std::unique_ptr<Session> session);

    const PostgresqlOptions options_;
    Deadlines& deadlines_;
    Slots slots_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Session>> idle_;
};

}  // namespace storage
