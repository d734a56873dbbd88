#include "storage/postgresql_event_finder.h"

#include <utility>

#include "storage/postgresql_queries.h"
#include "storage/postgresql_stored_payloads.h"
#include "storage/query_plan.h"

namespace storage {

namespace {

using Session = PostgresqlPool::Session;

/// `call` with the queries of a session.
template <class Call>
auto ask(PostgresqlPool& pool, std::int64_t instance, Call&& call) {
    return pool.try_read([&](Session& session) {
        PostgresqlQueries queries(session, instance);
        return call(queries);
    });
}

}  // namespace

PostgresqlEventFinder::PostgresqlEventFinder(std::shared_ptr<PostgresqlPool> pool, std::int64_t instance)
    : pool_(std::move(pool)), instance_(instance), large_([this](std::uint64_t number) {
          return pool_->try_read([number](Session& session) { return large_payload(session, number); });
      }) {}

base::Result<std::optional<FoundEvent>> PostgresqlEventFinder::newest_block() const {
    return ask(*pool_, instance_, [](PostgresqlQueries& queries) { return queries.newest_block(); });
}

base::Result<std::optional<FoundEvent>> PostgresqlEventFinder::block_at(std::uint64_t height) const {
    return ask(*pool_, instance_, [&](PostgresqlQueries& queries) { return queries.block_at(height); });
}

base::Result<std::optional<FoundEvent>> PostgresqlEventFinder::find(base::Kind kind,
                                                                    const base::KeyBytes& hash) const {
    return ask(*pool_, instance_, [&](PostgresqlQueries& queries) { return queries.find(kind, hash); });
}

base::Result<FoundDeploy> PostgresqlEventFinder::deploy(const base::KeyBytes& hash) const {
    return ask(*pool_, instance_, [&](PostgresqlQueries& queries) { return queries.deploy(hash); });
}

base::Result<std::optional<FoundEvent>> PostgresqlEventFinder::step(std::uint64_t era) const {
    return find(base::Kind::Step, key_of_era(era));
}

base::Result<std::vector<FoundEvent>> PostgresqlEventFinder::faults_of(
    const base::KeyBytes& public_key) const {
    return ask(*pool_, instance_, [&](PostgresqlQueries& queries) { return queries.faults_of(public_key); });
}

base::Result<std::vector<FoundEvent>> PostgresqlEventFinder::faults_in(std::uint64_t era) const {
    return ask(*pool_, instance_, [&](PostgresqlQueries& queries) { return queries.faults_in(era); });
}

base::Result<std::vector<FoundEvent>> PostgresqlEventFinder::signatures_of(
    const base::KeyBytes& block_hash) const {
    return ask(*pool_, instance_,
               [&](PostgresqlQueries& queries) { return queries.signatures_of(block_hash); });
}

base::Result<Listing<FoundEvent>> PostgresqlEventFinder::blocks(const BlockQuery& query) const {
    return ask(*pool_, instance_, [&](PostgresqlQueries& queries) { return queries.blocks(query); });
}

base::Result<Listing<FoundEvent>> PostgresqlEventFinder::events(const EventQuery& query) const {
    return ask(*pool_, instance_, [&](PostgresqlQueries& queries) { return queries.events(query); });
}

base::Result<Listing<FoundDeploy>> PostgresqlEventFinder::deploys(const DeployQuery& query) const {
    return ask(*pool_, instance_, [&](PostgresqlQueries& queries) { return queries.deploys(query); });
}

base::Result<std::shared_ptr<const std::string>> PostgresqlEventFinder::read_large(
    std::uint64_t number) const {
    return large_.get(number);
}

}  // namespace storage
