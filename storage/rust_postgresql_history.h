#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "storage/history_source.h"

namespace storage {

/// The events in a PostgreSQL database of the Rust sidecar 1.x, read in one transaction that only reads; the
/// Rust sidecar may be running. Memory: some rows of each table.
class RustPostgresqlHistory final : public HistorySource {
  public:
    /// `uri`: "postgresql://user:password@host:port/database", as libpq takes it. Counts the rows. Errors:
    /// Unavailable, when the server cannot be reached; Invalid, when the database is not that of a Rust
    /// sidecar; otherwise as HistorySource. No message holds the password.
    [[nodiscard]] static base::Result<std::unique_ptr<RustPostgresqlHistory>> open(const std::string& uri);
    ~RustPostgresqlHistory() override;

    [[nodiscard]] std::uint64_t size() const override;
    [[nodiscard]] base::Result<std::optional<HistoryItem>> next() override;
    [[nodiscard]] base::Result<void> rewind() override;

  private:
    class Impl;
    explicit RustPostgresqlHistory(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Whether the text is a URI that libpq takes.
[[nodiscard]] bool is_postgresql_uri(std::string_view text);

}  // namespace storage
