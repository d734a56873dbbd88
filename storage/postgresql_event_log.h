#pragma once

#include <memory>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "storage/event_log.h"
#include "storage/node_store.h"
#include "storage/options.h"

namespace storage {

/// The event log in a PostgreSQL database, in the schema `event_sidecar`. Several instances may work on one
/// database at a time, each under its own name. Destroy it when no other thread is in a call of it.
class PostgresqlEventLog final : public EventLog {
  public:
    /// Opens the log, or makes it; the time does not depend on how much it holds. `options.database` holds
    /// PostgresqlOptions. Errors, none of which has the password: Unavailable, when the database cannot be
    /// reached or written; Invalid, when the schema is another program's or of a newer version of this one
    /// (it is then left untouched), or a running instance has this one's name; Corrupt, when it is damaged.
    [[nodiscard]] static base::Result<std::unique_ptr<PostgresqlEventLog>> open(const Options& options,
                                                                                base::Log log,
                                                                                base::Metrics& metrics);
    ~PostgresqlEventLog() override;

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
    explicit PostgresqlEventLog(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace storage
