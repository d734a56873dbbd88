#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "storage/event_finder.h"
#include "storage/large_payloads.h"
#include "storage/postgresql_pool.h"

namespace storage {

/// The queries of a log in a PostgreSQL database. What is found by itself is found by one statement; a
/// listing chooses its entries first and then reads them: what is deleted in between is not given.
class PostgresqlEventFinder final : public EventFinder {
  public:
    /// `instance`: whose own Shutdowns are given.
    PostgresqlEventFinder(std::shared_ptr<PostgresqlPool> pool, std::int64_t instance);

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
    const std::shared_ptr<PostgresqlPool> pool_;
    const std::int64_t instance_;
    mutable LargePayloads large_;
};

}  // namespace storage
