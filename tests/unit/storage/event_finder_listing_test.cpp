// The contract of the finder: listings, page by page, next to what a look at every event would give.

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "event_finder_contract.h"

namespace storage_test {

namespace {

using base::Filter;
using base::Kind;
using storage::BlockQuery;
using storage::DeployQuery;
using storage::DeployStatus;
using storage::EventQuery;
using storage::Order;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::array kOrders{Order::NewestFirst, Order::OldestFirst};
constexpr std::size_t kAll = 10'000;

class Listings : public EventFinderContract {
  protected:
    std::vector<base::EventId> blocks(const BlockQuery& query) {
        return ids_of_pages(query, [&](const BlockQuery& q) { return finder().blocks(q); });
    }
    std::vector<base::EventId> events(const EventQuery& query) {
        return ids_of_pages(query, [&](const EventQuery& q) { return finder().events(q); });
    }
    std::vector<base::KeyBytes> deploys(const DeployQuery& query) {
        return ids_of_pages(query, [&](const DeployQuery& q) { return finder().deploys(q); });
    }
};

INSTANTIATE_TEST_SUITE_P(Databases, Listings, testing::ValuesIn(retention_log_factories()),
                         [](const auto& parameter) { return parameter.param.name; });

// --- blocks ---

class BlockListing : public Listings {
  protected:
    void SetUp() override {
        // Ids 1 to 7; three blocks of height 6.
        const std::array<std::uint64_t, 7> heights{5, 6, 9, 6, 2, 6, 7};
        for (std::size_t i = 0; i < heights.size(); ++i) {
            append(log(), {block_at_height(i, heights[i])});
        }
        append(log(), {deploy_processed(1), signature(1, 1), step(1)});
    }
};

INSTANTIATE_TEST_SUITE_P(Databases, BlockListing, testing::ValuesIn(retention_log_factories()),
                         [](const auto& parameter) { return parameter.param.name; });

TEST_P(BlockListing, ByHeightAndThenById) {
    EXPECT_THAT(blocks({}), ElementsAre(3, 7, 6, 4, 2, 1, 5));
    EXPECT_THAT(blocks({.order = Order::OldestFirst}), ElementsAre(5, 1, 2, 4, 6, 7, 3));
}

TEST_P(BlockListing, EveryPageSizeGivesEachOnce) {
    for (const auto order : kOrders) {
        const auto all = blocks({.order = order});
        for (std::size_t size = 1; size < 9; ++size) {
            EXPECT_EQ(blocks({.order = order, .limits = {.max_entries = size}}), all) << size;
            EXPECT_EQ(blocks({.order = order, .limits = {.max_rows = size}}), all) << size;
        }
    }
}

TEST_P(BlockListing, BetweenTwoHeights) {
    EXPECT_THAT(blocks({.from_height = 6, .to_height = 7}), ElementsAre(7, 6, 4, 2));
    EXPECT_THAT(blocks({.from_height = 3, .to_height = 5}), ElementsAre(1));
    EXPECT_THAT(blocks({.from_height = 7, .to_height = 6}), IsEmpty());
    EXPECT_THAT(blocks({.from_height = 10}), IsEmpty());
    EXPECT_THAT(blocks({.from_height = 9, .to_height = ~std::uint64_t{0}}), ElementsAre(3));
    EXPECT_THAT(blocks({.from_height = ~std::uint64_t{0}, .to_height = ~std::uint64_t{0}}), IsEmpty());
    for (std::size_t size = 1; size < 5; ++size) {
        EXPECT_THAT(blocks({.from_height = 6, .to_height = 7, .limits = {.max_entries = size}}),
                    ElementsAre(7, 6, 4, 2));
        EXPECT_THAT(blocks({.from_height = 6,
                            .to_height = 7,
                            .order = Order::OldestFirst,
                            .limits = {.max_entries = size}}),
                    ElementsAre(2, 4, 6, 7));
    }
}

TEST_P(BlockListing, APlaceNeedNotBeThere) {
    EXPECT_THAT(blocks({.after = storage::Place{6, 5}}), ElementsAre(4, 2, 1, 5));
    EXPECT_THAT(blocks({.after = storage::Place{8, 1}}), ElementsAre(7, 6, 4, 2, 1, 5));
    EXPECT_THAT(blocks({.order = Order::OldestFirst, .after = storage::Place{6, 4}}), ElementsAre(6, 7, 3));
    EXPECT_THAT(blocks({.after = storage::Place{~std::uint64_t{0}, ~std::uint64_t{0}}}), SizeIs(7));
    EXPECT_THAT(blocks({.order = Order::OldestFirst, .after = storage::Place{~std::uint64_t{0}, 0}}),
                IsEmpty());
}

TEST_P(BlockListing, BlocksThatComeWhileOnePagesChangeNothingBelow) {
    BlockQuery query{.limits = {.max_entries = 2}};
    std::vector<base::EventId> ids;
    for (std::uint64_t number = 100;; ++number) {
        const auto page = finder().blocks(query).value();
        for (const auto& block : page.entries) ids.push_back(block.id);
        if (!page.next) break;
        query.after = page.next;
        append(log(), {block_at_height(number, number)});
    }
    EXPECT_THAT(ids, ElementsAre(3, 7, 6, 4, 2, 1, 5));
}

// --- events ---

class EventListing : public Listings {
  protected:
    void SetUp() override {
        std::mt19937 random(7);
        for (std::uint64_t i = 1; i <= 120; ++i) add_one(random() % 20, i);
        append(log(), {batch_});
    }
    void add_one(unsigned choice, std::uint64_t i) {
        switch (choice) {
            case 0:
                return batch_.push_back(block_added(i));
            case 1:
                return batch_.push_back(deploy_accepted(i));
            case 2:
                return batch_.push_back(deploy_processed(i));
            case 3:
                return batch_.push_back(deploy_expired(i));
            case 4:
                return batch_.push_back(fault(i, i));
            case 5:
                return batch_.push_back(step(i));
            case 6:
                return batch_.push_back(shutdown(static_cast<Filter>(i % 4), static_cast<std::uint32_t>(i)));
            default:
                return batch_.push_back(signature(i, 1));
        }
    }
    /// What a look at every event gives.
    [[nodiscard]] std::vector<base::EventId> expected(const EventQuery& query) const {
        std::vector<base::EventId> ids;
        for (std::size_t i = 0; i < batch_.size(); ++i) {
            const base::EventId id = i + 1;
            if (id < query.from || id >= query.to || (query.kind && batch_[i].kind != *query.kind)) continue;
            ids.push_back(id);
        }
        if (query.order == Order::NewestFirst) std::ranges::reverse(ids);
        return ids;
    }

    base::EventBatch batch_;
};

INSTANTIATE_TEST_SUITE_P(Databases, EventListing, testing::ValuesIn(retention_log_factories()),
                         [](const auto& parameter) { return parameter.param.name; });

TEST_P(EventListing, EveryKindInBothOrdersByEveryPageSize) {
    std::vector<std::optional<Kind>> kinds{std::nullopt};
    for (const auto& row : base::kKinds) kinds.emplace_back(row.kind);
    for (const auto& kind : kinds) {
        for (const auto order : kOrders) {
            EventQuery query{.kind = kind, .order = order};
            const auto wanted = expected(query);
            EXPECT_EQ(wanted.empty(), kind == Kind::ApiVersion);
            for (const std::size_t size : {1, 2, 3, 7, 119, 120, 121}) {
                query.limits = {.max_entries = size};
                EXPECT_EQ(events(query), wanted) << size;
                query.limits = {.max_rows = size};
                EXPECT_EQ(events(query), wanted) << size;
                query.limits = {.max_bytes = 100 * size};
                EXPECT_EQ(events(query), wanted) << size;
            }
        }
    }
}

TEST_P(EventListing, BetweenTwoIds) {
    for (const auto order : kOrders) {
        for (const auto kind : {std::optional<Kind>(), std::optional(Kind::FinalitySignature),
                                std::optional(Kind::Step), std::optional(Kind::DeployProcessed)}) {
            for (const auto& [from, to] : {std::pair{0, 50}, std::pair{30, 31}, std::pair{60, 500},
                                           std::pair{120, 121}, std::pair{121, 130}, std::pair{9, 3}}) {
                EventQuery query{.kind = kind,
                                 .from = static_cast<base::EventId>(from),
                                 .to = static_cast<base::EventId>(to),
                                 .order = order,
                                 .limits = {.max_entries = 4}};
                EXPECT_EQ(events(query), expected(query)) << from << " " << to;
            }
        }
    }
    EXPECT_THAT(events({.from = ~std::uint64_t{0}, .to = ~std::uint64_t{0}}), IsEmpty());
    EXPECT_THAT(events({.to = ~std::uint64_t{0}, .limits = {.max_entries = kAll}}), SizeIs(120));
    EXPECT_THAT(events({.after = storage::Place{0, ~std::uint64_t{0}}, .limits = {.max_entries = kAll}}),
                SizeIs(120));
}

TEST_P(EventListing, WhatIsGivenIsTheEvent) {
    const auto page =
        finder()
            .events({.order = Order::OldestFirst, .limits = {.max_entries = kAll, .max_rows = kAll}})
            .value();
    ASSERT_EQ(page.entries.size(), batch_.size());
    for (std::size_t i = 0; i < batch_.size(); ++i) {
        EXPECT_EQ(page.entries[i].kind, batch_[i].kind);
        EXPECT_EQ(page.entries[i].key, batch_[i].key) << base::row_of(batch_[i].kind).name;
        EXPECT_EQ(page.entries[i].payload, batch_[i].payload);
        EXPECT_EQ(page.entries[i].era, batch_[i].era);
        EXPECT_EQ(page.entries[i].height, batch_[i].height);
    }
}

TEST_P(EventListing, EventsThatComeWhileOnePagesAreAtTheNewEnd) {
    for (const auto order : kOrders) {
        EventQuery query{.order = order, .limits = {.max_entries = 7}};
        const auto newest = log().range().newest();
        std::vector<base::EventId> ids;
        for (std::uint64_t number = 1000; true; ++number) {
            const auto page = finder().events(query).value();
            for (const auto& event : page.entries) ids.push_back(event.id);
            if (!page.next) break;
            query.after = page.next;
            append(log(), {signature(number, order == Order::NewestFirst ? 1 : 2)});
        }
        if (order == Order::NewestFirst) std::ranges::reverse(ids);
        const auto end = order == Order::NewestFirst ? newest : log().range().newest();
        ASSERT_EQ(ids.size(), end);
        for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], i + 1);
    }
}

TEST_P(Listings, BytesBoundAPageButNotItsFirstEntry) {
    append(log(), {signature(1, 1), signature(1, 2), signature(1, 3)});  // of 345 bytes
    const auto given = [&](std::size_t bytes) {
        return finder().events({.limits = {.max_bytes = bytes}}).value().entries.size();
    };
    EXPECT_EQ(given(0), 1U);
    EXPECT_EQ(given(345), 1U);
    EXPECT_EQ(given(689), 1U);
    EXPECT_EQ(given(690), 2U);
    EXPECT_EQ(given(1035), 3U);
}

TEST_P(Listings, LargePayloadsCountNothing) {
    append(log(), {signature(1, 1)});
    const auto large = step(1, 2'000'000);
    append(log(), {staged(large, stage(log(), large)), signature(1, 2)});
    const auto page = finder().events({.limits = {.max_bytes = 690}}).value();
    ASSERT_EQ(page.entries.size(), 3U);
    EXPECT_EQ(page.entries[1].size, 2'000'000U);
    EXPECT_EQ(page.entries[1].payload, "");
    EXPECT_FALSE(page.next);
}

TEST_P(Listings, NoMoreRowsThanAskedForAreLookedAt) {
    append(log(), signatures(1, 100));
    append(log(), {deploy_processed(1)});
    append(log(), signatures(2, 100));
    const auto of_kind = [&](Kind kind) {
        return finder()
            .events({.kind = kind, .order = Order::OldestFirst, .limits = {.max_rows = 10}})
            .value();
    };
    const auto rare = of_kind(Kind::DeployProcessed);
    ASSERT_EQ(rare.entries.size(), 1U) << "not through what is not of its endpoint";
    EXPECT_FALSE(rare.next);
    const auto common = of_kind(Kind::FinalitySignature);
    EXPECT_EQ(common.entries.size(), 10U);
    ASSERT_TRUE(common.next);
    EXPECT_EQ(common.next->id, 10U);

    base::EventBatch blocks;
    for (std::uint64_t i = 0; i < 50; ++i) blocks.push_back(block_added(i));
    append(log(), blocks);
    const auto empty = finder().events({.kind = Kind::DeployProcessed, .limits = {.max_rows = 10}}).value();
    EXPECT_THAT(empty.entries, IsEmpty());
    EXPECT_TRUE(empty.next) << "a page may be empty and not the last";
    EXPECT_THAT(events({.kind = Kind::DeployProcessed, .limits = {.max_rows = 10}}), ElementsAre(101));
}

TEST_P(Listings, AtLeastOneEntryAndOneRow) {
    append(log(), {block_added(1), block_added(2)});
    EXPECT_EQ(finder().blocks({.limits = {.max_entries = 0, .max_rows = 0}}).value().entries.size(), 1U);
}

// --- deploys ---

class DeployListing : public Listings {
  protected:
    struct Known {
        base::EventId accepted = 0;
        base::EventId processed = 0;
        base::EventId expired = 0;
        base::KeyBytes account;
        base::KeyBytes block;
    };

    void SetUp() override {
        std::mt19937 random(11);
        base::EventBatch batch;
        for (int i = 0; i < 300; ++i) {
            const std::uint64_t number = random() % 80;
            const auto choice = random() % 10;
            if (choice < 3) batch.push_back(deploy_accepted(number));
            if (choice >= 3 && choice < 6) batch.push_back(deploy_processed(number));
            if (choice == 6) batch.push_back(deploy_expired(number));
            if (choice == 7) batch.push_back(block_added(static_cast<std::uint64_t>(i)));
            if (choice > 7) batch.push_back(signature(number, static_cast<std::uint64_t>(i)));
        }
        const auto ids = append(log(), batch);
        for (std::size_t i = 0; i < batch.size(); ++i) note(batch[i], ids[i]);
    }

    void note(const base::Event& event, base::EventId id) {
        if (id == 0) return;
        if (event.kind == Kind::DeployAccepted) known_[event.key.first].accepted = id;
        if (event.kind == Kind::DeployProcessed) known_[event.key.first].processed = id;
        if (event.kind == Kind::DeployExpired) known_[event.key.first].expired = id;
        if (!event.account.empty()) known_[event.key.first].account = event.account;
        if (event.kind == Kind::DeployProcessed) known_[event.key.first].block = event.block_hash;
    }

    static bool matches(const DeployQuery& query, const Known& deploy) {
        if (query.account && deploy.account != *query.account) return false;
        if (query.block_hash && (deploy.processed == 0 || deploy.block != *query.block_hash)) return false;
        if (query.status == DeployStatus::Accepted)
            return deploy.accepted != 0 && deploy.processed == 0 && deploy.expired == 0;
        if (query.status == DeployStatus::Processed) return deploy.processed != 0;
        if (query.status == DeployStatus::Expired) return deploy.expired != 0;
        return true;
    }

    static base::EventId place(const DeployQuery& query, const Known& deploy) {
        if (query.block_hash) return deploy.processed;
        if (query.account) return std::max(deploy.accepted, deploy.processed);
        if (query.status == DeployStatus::Accepted) return deploy.accepted;
        if (query.status == DeployStatus::Processed) return deploy.processed;
        if (query.status == DeployStatus::Expired) return deploy.expired;
        return std::max({deploy.accepted, deploy.processed, deploy.expired});
    }

    /// What a look at every deploy gives.
    [[nodiscard]] std::vector<base::KeyBytes> expected(const DeployQuery& query) const {
        std::map<base::EventId, base::KeyBytes, std::greater<>> by_place;
        for (const auto& [hash, deploy] : known_) {
            if (matches(query, deploy)) by_place[place(query, deploy)] = hash;
        }
        std::vector<base::KeyBytes> hashes;
        for (const auto& [id, hash] : by_place) hashes.push_back(hash);
        return hashes;
    }

    std::map<base::KeyBytes, Known> known_;
};

INSTANTIATE_TEST_SUITE_P(Databases, DeployListing, testing::ValuesIn(retention_log_factories()),
                         [](const auto& parameter) { return parameter.param.name; });

TEST_P(DeployListing, EveryFilterWithEveryOtherByEveryPageSize) {
    const std::vector<std::optional<DeployStatus>> statuses{std::nullopt, DeployStatus::Accepted,
                                                            DeployStatus::Processed, DeployStatus::Expired};
    const std::vector<std::optional<base::KeyBytes>> accounts{std::nullopt, public_key(3), public_key(999)};
    const std::vector<std::optional<base::KeyBytes>> blocks{std::nullopt, hash(2), hash(999)};
    std::size_t given = 0;
    for (const auto& status : statuses) {
        for (const auto& account : accounts) {
            for (const auto& block : blocks) {
                DeployQuery query{.account = account, .block_hash = block, .status = status};
                const auto wanted = expected(query);
                given += wanted.size();
                for (const std::size_t size : {1, 2, 5, 50, 1000}) {
                    query.limits = {.max_entries = size};
                    EXPECT_EQ(deploys(query), wanted) << size;
                    query.limits = {.max_rows = size};
                    EXPECT_EQ(deploys(query), wanted) << size;
                    query.limits = {.max_bytes = 30 * size};
                    EXPECT_EQ(deploys(query), wanted) << size;
                }
            }
        }
    }
    EXPECT_GT(given, 150U);
}

TEST_P(DeployListing, ADeployIsGivenWithAllItsEvents) {
    const auto page = finder().deploys({.limits = {.max_entries = kAll, .max_rows = kAll}}).value();
    ASSERT_EQ(page.entries.size(), known_.size());
    const auto id_or_0 = [](const auto& event) { return event ? event->id : 0; };
    for (const auto& deploy : page.entries) {
        const auto& known = known_.at(deploy.hash);
        EXPECT_EQ(id_or_0(deploy.accepted), known.accepted);
        EXPECT_EQ(id_or_0(deploy.processed), known.processed);
        EXPECT_EQ(id_or_0(deploy.expired), known.expired);
    }
}

TEST_P(DeployListing, ADeployThatGetsANewerEventIsNotGivenTwiceInOneWalk) {
    DeployQuery query{.limits = {.max_entries = 5}};
    std::set<base::KeyBytes> given;
    for (std::uint64_t number = 0; true; ++number) {
        const auto page = finder().deploys(query).value();
        for (const auto& deploy : page.entries) EXPECT_TRUE(given.insert(deploy.hash).second);
        if (!page.next) break;
        query.after = page.next;
        append(log(), {deploy_accepted(number + 500), deploy_processed(number), deploy_expired(number)});
    }
    EXPECT_FALSE(given.empty());
}

TEST_P(Listings, ExpiredDeploysAreFoundAmongManyOthers) {
    append(log(), {deploy_expired(7)});
    base::EventBatch batch;
    for (std::uint64_t i = 100; i < 400; ++i) batch.push_back(deploy_accepted(i));
    append(log(), batch);
    const auto page = finder().deploys({.status = DeployStatus::Expired, .limits = {.max_rows = 1}}).value();
    ASSERT_EQ(page.entries.size(), 1U);
    EXPECT_EQ(page.entries[0].hash, hash(7));
    EXPECT_FALSE(page.entries[0].accepted);
    EXPECT_FALSE(page.next);
}

}  // namespace

}  // namespace storage_test
