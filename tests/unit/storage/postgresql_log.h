#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/result.h"
#include "storage/options.h"
#include "storage/postgresql_event_log.h"
#include "support/postgresql.h"

namespace storage_test {

/// A log in a new database of the process's PostgreSQL server, or of another.
class PostgresqlLog {
  public:
    explicit PostgresqlLog(bool opened = true);
    /// Another instance on the same database; goes before the first.
    PostgresqlLog(const PostgresqlLog& other, std::string instance);
    ~PostgresqlLog();
    PostgresqlLog(const PostgresqlLog&) = delete;
    PostgresqlLog& operator=(const PostgresqlLog&) = delete;

    [[nodiscard]] storage::PostgresqlEventLog& log() { return *log_; }
    [[nodiscard]] storage::Options& options() { return options_; }
    [[nodiscard]] const std::string& database() const;

    [[nodiscard]] base::Result<std::unique_ptr<storage::PostgresqlEventLog>> try_open() const;
    void open() { log_ = try_open().value(); }
    void close() { log_.reset(); }
    void reopen();

    /// Beside the log, as an operator's program might.
    std::string query(const std::string& sql) const;

  private:
    bool owns_database_ = true;
    storage::Options options_;
    std::unique_ptr<storage::PostgresqlEventLog> log_;
};

[[nodiscard]] storage::PostgresqlOptions to_options(const support::PostgresqlServer& server,
                                                    std::string database);

}  // namespace storage_test
