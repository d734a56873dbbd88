#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "storage/event_finder.h"
#include "storage/postgresql_pool.h"

namespace storage {

/// EventFinder by the statements of one session, for the time of one call. Throws PostgresqlFailure.
class PostgresqlQueries {
  public:
    PostgresqlQueries(PostgresqlPool::Session& session, std::int64_t instance)
        : session_(session), instance_(instance) {}

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

  private:
    /// What an index gives, before it is known whether it is listed.
    struct Candidate;
    /// What is listed: the events that make an entry, or 0.
    struct Chosen;
    struct Fetched;

    /// Looks at what `rows(after, limit)` gives behind a place, in growing pieces, until the page is full.
    template <class Rows, class Choose>
    [[nodiscard]] Listing<Chosen> choose(const PageLimits& limits, std::optional<Place> after,
                                         const Rows& rows, const Choose& choose);
    [[nodiscard]] Fetched fetch(const std::vector<Chosen>& entries, std::size_t max_bytes);
    template <class Entry, class Make>
    [[nodiscard]] Listing<Entry> read(Listing<Chosen> chosen, const PageLimits& limits, const Make& make);
    [[nodiscard]] Listing<FoundEvent> read_events(Listing<Chosen> chosen, const PageLimits& limits);
    [[nodiscard]] pqxx::result deploy_rows(const DeployQuery& query, std::int64_t below, std::int64_t limit);

    [[nodiscard]] FoundEvent take_event(const pqxx::row& row);
    [[nodiscard]] std::optional<FoundEvent> first_of(const pqxx::result& rows);
    [[nodiscard]] std::vector<FoundEvent> all_of(const pqxx::result& rows);

    PostgresqlPool::Session& session_;
    std::int64_t instance_;
};

}  // namespace storage
