#pragma once

#include <memory>

#include "base/result.h"
#include "storage/event_reader.h"
#include "storage/sqlite_options.h"

namespace storage {

/// An SQLite log opened to be read beside the sidecar that may be writing it: takes no lock of the log, holds
/// up no append, and changes no byte of the database. range() is that of the opening.
class SqliteEventReader final : public EventReader {
  public:
    /// Errors: Unavailable, when there is no log, or the folder cannot be written (SQLite needs its index of
    /// the write-ahead log there); Invalid, when the file belongs to another program, or to another version
    /// of this one; Corrupt, when it is damaged or no database.
    [[nodiscard]] static base::Result<std::unique_ptr<SqliteEventReader>> open(const SqliteOptions& options);
    ~SqliteEventReader() override;

    [[nodiscard]] std::string feed_id() const override;
    [[nodiscard]] std::string network_name() const override;
    [[nodiscard]] Range range() const override;
    [[nodiscard]] base::Result<Page> read(const ReadRequest& request) const override;
    [[nodiscard]] base::Result<std::vector<StoredEvent>> read_newest(std::size_t max_events,
                                                                     std::size_t max_bytes) const override;

  private:
    class Impl;
    explicit SqliteEventReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace storage
