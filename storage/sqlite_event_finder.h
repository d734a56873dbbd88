#pragma once

#include <cstddef>
#include <filesystem>

#include "storage/event_finder.h"
#include "storage/large_payloads.h"
#include "storage/reader_pool.h"
#include "storage/sqlite_queries.h"

namespace storage {

/// The queries of a log in an SQLite file.
class SqliteEventFinder final : public EventFinder {
  public:
    /// Reads with so many connections at most.
    SqliteEventFinder(const std::filesystem::path& file, std::size_t most);

    [[nodiscard]] base::Result<std::optional<FoundEvent>> newest_block() const override;
    [[nodiscard]] base::Result<std::optional<FoundEvent>> block_at(std::uint64_t height) const override;
    [[nodiscard]] base::Result<std::optional<FoundEvent>> find(base::Kind kind,
                                                               const base::KeyBytes& hash) const override;
    [[nodiscard]] base::Result<FoundDeploy> deploy(const base::KeyBytes& hash) const override;
    [[nodiscard]] base::Result<std::optional<FoundEvent>> step(std::uint64_t era) const override;
    [[nodiscard]] base::Result<std::vector<FoundEvent>> faults_of(
        const base::KeyBytes& public_key) const override;
    [[nodiscard]] base::Result<std::vector<FoundEvent>> faults_in(std::uint64_t era) const override;
    [[nodiscard]] base::Result<std::vector<FoundEvent>> signatures_of(
        const base::KeyBytes& block_hash) const override;
    [[nodiscard]] base::Result<Listing<FoundEvent>> blocks(const BlockQuery& query) const override;
    [[nodiscard]] base::Result<Listing<FoundEvent>> events(const EventQuery& query) const override;
    [[nodiscard]] base::Result<Listing<FoundDeploy>> deploys(const DeployQuery& query) const override;
    [[nodiscard]] base::Result<std::shared_ptr<const std::string>> read_large(
        std::uint64_t number) const override;

  private:
    mutable ReaderPool<SqliteQueries> readers_;
    mutable LargePayloads large_;
};

}  // namespace storage
