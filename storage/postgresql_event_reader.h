#pragma once

#include <memory>

#include "base/result.h"
#include "storage/event_reader.h"
#include "storage/options.h"

namespace storage {

/// A PostgreSQL log opened to be read beside the sidecars that may be writing it: as no instance, and without
/// changing anything. range() is that of the opening, or newer.
class PostgresqlEventReader final : public EventReader {
  public:
    /// Errors, none of which has the password: Unavailable, when the database cannot be reached or holds no
    /// log; Invalid, when the schema is another program's or of another version of this one.
    [[nodiscard]] static base::Result<std::unique_ptr<PostgresqlEventReader>> open(
        const PostgresqlOptions& options);
    ~PostgresqlEventReader() override;

    [[nodiscard]] std::string feed_id() const override;
    [[nodiscard]] std::string network_name() const override;
    [[nodiscard]] Range range() const override;
    [[nodiscard]] base::Result<Page> read(const ReadRequest& request) const override;
    [[nodiscard]] base::Result<std::vector<StoredEvent>> read_newest(std::size_t max_events,
                                                                     std::size_t max_bytes) const override;

  private:
    class Impl;
    explicit PostgresqlEventReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace storage
