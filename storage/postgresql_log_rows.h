#pragma once

#include <memory>

#include "base/result.h"
#include "storage/log_rows.h"
#include "storage/options.h"

namespace storage {

/// The rows of a PostgreSQL log, also beside the sidecars that write it. Changes nothing. The structure of
/// tables and indexes is the server's own affair.
class PostgresqlLogRows final : public LogRows {
  public:
    /// Errors as those of PostgresqlEventReader::open().
    [[nodiscard]] static base::Result<std::unique_ptr<PostgresqlLogRows>> open(
        const PostgresqlOptions& options);
    ~PostgresqlLogRows() override;

    [[nodiscard]] base::Result<base::EventId> first_id() override;
    [[nodiscard]] base::Result<std::optional<LogRun>> before(base::EventId id) override;
    [[nodiscard]] base::Result<RowPage> read(base::EventId from) override;
    [[nodiscard]] base::Result<Surroundings> check_surroundings(const std::function<bool()>& stop) override;

  private:
    class Impl;
    explicit PostgresqlLogRows(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace storage
