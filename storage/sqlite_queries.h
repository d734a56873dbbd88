#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/event_finder.h"
#include "storage/query_plan.h"
#include "storage/sqlite.h"
#include "storage/sqlite_stored_payloads.h"

namespace storage {

/// EventFinder on a connection of its own, with its statements. One thread at a time; throws SqliteFailure.
class SqliteQueries {
  public:
    explicit SqliteQueries(const std::filesystem::path& file);

    [[nodiscard]] std::optional<FoundEvent> newest_block();
    [[nodiscard]] std::optional<FoundEvent> block_at(std::uint64_t height);
    [[nodiscard]] std::optional<FoundEvent> find(base::Kind kind, const base::KeyBytes& hash);
    [[nodiscard]] FoundDeploy deploy(const base::KeyBytes& hash);
    [[nodiscard]] std::vector<FoundEvent> faults_of(const base::KeyBytes& public_key);
    [[nodiscard]] std::vector<FoundEvent> faults_in(std::uint64_t era);
    [[nodiscard]] std::vector<FoundEvent> signatures_of(const base::KeyBytes& block_hash);
    [[nodiscard]] Listing<FoundEvent> blocks(const BlockQuery& query);
    [[nodiscard]] Listing<FoundEvent> events(const EventQuery& query);
    [[nodiscard]] Listing<FoundDeploy> deploys(const DeployQuery& query);
    [[nodiscard]] std::optional<std::string> large(std::uint64_t number);

  private:
    using Rows = SqliteStatement::Rows;

    /// Prepared when it is first needed.
    [[nodiscard]] SqliteStatement& statement(const std::string& sql);
    [[nodiscard]] FoundEvent take_event(const Rows& rows);
    [[nodiscard]] std::optional<FoundEvent> first_of(Rows rows);
    [[nodiscard]] std::vector<FoundEvent> all_of(Rows rows);
    [[nodiscard]] FoundEvent event(base::EventId id);
    [[nodiscard]] Rows deploy_rows(const DeployQuery& query);

    SqliteConnection connection_;
    SqliteStoredPayloads payloads_;
    std::unordered_map<std::string, SqliteStatement> statements_;
};

}  // namespace storage
