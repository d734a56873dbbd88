#pragma once

#include <memory>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "storage/event_log.h"
#include "storage/node_store.h"
#include "storage/sqlite_options.h"

namespace storage {

/// The event log in an SQLite file with a write-ahead log. One process at a time works on it; any program may
/// read the file beside it. Reads and checkpoints never hold up an append; staging holds it up for one part
/// at most. Destroy it when no other thread is in a call of it: the write-ahead log is then emptied into the
/// file.
class SqliteEventLog final : public EventLog {
  public:
    /// Opens the log, or makes it, with its folder; the time does not depend on how much it holds. Errors:
    /// Unavailable, when another process works on it, or the folder or file cannot be written; Invalid, when
    /// the file belongs to another program (it is then left untouched to the byte) or to a newer version of
    /// this one; Corrupt, when it is damaged or no database.
    [[nodiscard]] static base::Result<std::unique_ptr<SqliteEventLog>> open(const SqliteOptions& options,
                                                                            base::Log log,
                                                                            base::Metrics& metrics);
    ~SqliteEventLog() override;

    [[nodiscard]] std::string feed_id() const override;
    [[nodiscard]] std::string network_name() const override;
    [[nodiscard]] base::ApiVersion api_version() const override;
    [[nodiscard]] Range range() const override;
    [[nodiscard]] base::Result<void> begin_at(base::EventId first) override;
    void watch(std::function<void()> grown) override;
    [[nodiscard]] NodeStore& nodes() override;
    [[nodiscard]] const EventFinder& finder() const override;
    [[nodiscard]] LogUsage usage() const override;
    [[nodiscard]] Positions positions() const override;
    [[nodiscard]] base::Result<Appended> append(std::span<const base::Event> batch,
                                                std::string_view network_name) override;
    [[nodiscard]] base::Result<void> flush() override;
    void stage(std::shared_ptr<const base::Event> event, Staged done) override;
    [[nodiscard]] base::Result<Page> read(const ReadRequest& request) const override;
    [[nodiscard]] base::Result<std::vector<StoredEvent>> read_newest(std::size_t max_events,
                                                                     std::size_t max_bytes) const override;

  private:
    class Impl;
    explicit SqliteEventLog(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace storage
