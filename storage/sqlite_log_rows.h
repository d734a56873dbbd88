#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/result.h"
#include "storage/log_rows.h"

namespace storage {

/// The rows of an SQLite log, also beside the sidecar that writes it, and of a damaged file as far as SQLite
/// can read it. Changes no byte of the database.
class SqliteLogRows final : public LogRows {
  public:
    enum class Use : std::uint8_t {
        Beside,  ///< a sidecar may be working on it
        Alone,   ///< the caller holds the log's lock
    };

    /// Errors: Unavailable, when there is no log; Invalid, when the file is another program's, or of another
    /// schema than this program's; Corrupt, when nothing of it can be read.
    [[nodiscard]] static base::Result<std::unique_ptr<SqliteLogRows>> open(const std::filesystem::path& file,
                                                                           Use use = Use::Beside);
    /// Of a log that this process has open already: looks at no file but through SQLite, as closing the file
    /// would end the locks that SQLite holds on it. Throws SqliteFailure.
    [[nodiscard]] static std::unique_ptr<SqliteLogRows> of_open_log(const std::filesystem::path& file);
    ~SqliteLogRows() override;

    [[nodiscard]] base::Result<base::EventId> first_id() override;
    [[nodiscard]] base::Result<std::optional<LogRun>> before(base::EventId id) override;
    [[nodiscard]] base::Result<RowPage> read(base::EventId from) override;

    /// The structure of the whole file is checked while no sidecar works on it: that takes one long
    /// transaction, during which the write-ahead log would only grow. Beside a sidecar it is left out.
    [[nodiscard]] base::Result<Surroundings> check_surroundings(const std::function<bool()>& stop) override;

  private:
    class Impl;
    explicit SqliteLogRows(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace storage
