#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "storage/history_source.h"

namespace storage {

/// The events in an SQLite file of the Rust sidecar 1.x. The file and its write-ahead log are not altered;
/// the Rust sidecar may be running. Memory does not depend on the file's size.
class RustSqliteHistory final : public HistorySource {
  public:
    /// Reads all of the file once. Errors: Invalid, when the file is missing or not that of a Rust sidecar;
    /// otherwise as HistorySource.
    [[nodiscard]] static base::Result<std::unique_ptr<RustSqliteHistory>> open(
        const std::filesystem::path& file);
    ~RustSqliteHistory() override;

    [[nodiscard]] std::uint64_t size() const override;
    [[nodiscard]] base::Result<std::optional<HistoryItem>> next() override;
    [[nodiscard]] base::Result<void> rewind() override;

  private:
    class Impl;
    explicit RustSqliteHistory(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace storage
