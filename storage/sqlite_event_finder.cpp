#include "storage/sqlite_event_finder.h"

namespace storage {

SqliteEventFinder::SqliteEventFinder(const std::filesystem::path& file, std::size_t most)
    : readers_(file, most), large_([this](std::uint64_t number) {
          return readers_.read([number](SqliteQueries& queries) { return queries.large(number); });
      }) {}

base::Result<std::optional<FoundEvent>> SqliteEventFinder::newest_block() const {
    return readers_.read([](SqliteQueries& queries) { return queries.newest_block(); });
}

base::Result<std::optional<FoundEvent>> SqliteEventFinder::block_at(std::uint64_t height) const {
    return readers_.read([&](SqliteQueries& queries) { return queries.block_at(height); });
}

base::Result<std::optional<FoundEvent>> SqliteEventFinder::find(base::Kind kind,
                                                                const base::KeyBytes& hash) const {
    return readers_.read([&](SqliteQueries& queries) { return queries.find(kind, hash); });
}

base::Result<FoundDeploy> SqliteEventFinder::deploy(const base::KeyBytes& hash) const {
    return readers_.read([&](SqliteQueries& queries) { return queries.deploy(hash); });
}

base::Result<std::optional<FoundEvent>> SqliteEventFinder::step(std::uint64_t era) const {
    return find(base::Kind::Step, key_of_era(era));
}

base::Result<std::vector<FoundEvent>> SqliteEventFinder::faults_of(const base::KeyBytes& public_key) const {
    return readers_.read([&](SqliteQueries& queries) { return queries.faults_of(public_key); });
}

base::Result<std::vector<FoundEvent>> SqliteEventFinder::faults_in(std::uint64_t era) const {
    return readers_.read([&](SqliteQueries& queries) { return queries.faults_in(era); });
}

base::Result<std::vector<FoundEvent>> SqliteEventFinder::signatures_of(
    const base::KeyBytes& block_hash) const {
    return readers_.read([&](SqliteQueries& queries) { return queries.signatures_of(block_hash); });
}

base::Result<Listing<FoundEvent>> SqliteEventFinder::blocks(const BlockQuery& query) const {
    return readers_.read([&](SqliteQueries& queries) { return queries.blocks(query); });
}

base::Result<Listing<FoundEvent>> SqliteEventFinder::events(const EventQuery& query) const {
    return readers_.read([&](SqliteQueries& queries) { return queries.events(query); });
}

base::Result<Listing<FoundDeploy>> SqliteEventFinder::deploys(const DeployQuery& query) const {
    return readers_.read([&](SqliteQueries& queries) { return queries.deploys(query); });
}

base::Result<std::shared_ptr<const std::string>> SqliteEventFinder::read_large(std::uint64_t number) const {
    return large_.get(number);
}

}  // namespace storage
