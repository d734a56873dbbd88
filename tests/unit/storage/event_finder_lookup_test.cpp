// The contract of the finder: single events and small sets of them.

#include <atomic>
#include <future>
#include <thread>

#include "event_finder_contract.h"

namespace storage_test {

namespace {

using base::Filter;
using base::Kind;
using storage::FoundEvent;
using testing::ElementsAre;
using testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(Databases, EventFinderContract, testing::ValuesIn(retention_log_factories()),
                         [](const auto& parameter) { return parameter.param.name; });

TEST_P(EventFinderContract, AnEmptyLogHasNothing) {
    EXPECT_FALSE(finder().newest_block().value());
    EXPECT_FALSE(finder().block_at(0).value());
    EXPECT_FALSE(finder().find(Kind::BlockAdded, hash(1)).value());
    EXPECT_FALSE(finder().step(1).value());
    EXPECT_THAT(finder().faults_of(public_key(1)).value(), IsEmpty());
    EXPECT_THAT(finder().faults_in(1).value(), IsEmpty());
    EXPECT_THAT(finder().signatures_of(hash(1)).value(), IsEmpty());
    EXPECT_FALSE(finder().read_large(1).value());
    const auto deploy = finder().deploy(hash(1)).value();
    EXPECT_EQ(deploy.hash, hash(1));
    EXPECT_FALSE(deploy.accepted || deploy.processed || deploy.expired);
    const auto is_empty = [](const auto& page) { return page->entries.empty() && !page->next; };
    EXPECT_TRUE(is_empty(finder().blocks({})));
    EXPECT_TRUE(is_empty(finder().events({})));
    EXPECT_TRUE(is_empty(finder().deploys({})));
}

TEST_P(EventFinderContract, AnEventIsGivenWithAllThatIsKnownOfIt) {
    const auto before = now_ms();
    append(log(), signatures(1, 5));
    const auto event = block_added(250);
    append(log(), {event});
    for (const auto& result :
         {finder().find(Kind::BlockAdded, hash(250)), finder().block_at(250), finder().newest_block()}) {
        const auto found = result.value();
        ASSERT_TRUE(found);
        EXPECT_EQ(found->id, 6U);
        EXPECT_EQ(found->kind, Kind::BlockAdded);
        EXPECT_EQ(found->key, event.key);
        EXPECT_EQ(found->height, 250U);
        EXPECT_EQ(found->era, 2U);
        EXPECT_EQ(found->payload, event.payload);
        EXPECT_EQ(found->size, event.payload.size());
        EXPECT_EQ(found->large, 0U);
        EXPECT_GE(found->received_at.count(), before - 1000);
        EXPECT_LE(found->received_at.count(), now_ms() + 1000);
    }
}

TEST_P(EventFinderContract, WhatIsNotThereIsNotFound) {
    append(log(), {block_added(1), deploy_accepted(2), signature(3, 1), step(4), fault(5, 1)});
    EXPECT_FALSE(finder().find(Kind::BlockAdded, hash(2)).value()) << "the hash of another kind";
    EXPECT_FALSE(finder().find(Kind::DeployProcessed, hash(2)).value());
    EXPECT_FALSE(finder().find(Kind::BlockAdded, {}).value());
    EXPECT_FALSE(finder().find(Kind::BlockAdded, {1, 2}).value());
    EXPECT_FALSE(finder().block_at(2).value());
    EXPECT_FALSE(finder().block_at(~std::uint64_t{0}).value());
    EXPECT_FALSE(finder().step(5).value());
    EXPECT_FALSE(finder().step(~std::uint64_t{0}).value());
    EXPECT_THAT(finder().faults_in(4).value(), IsEmpty());
    EXPECT_THAT(finder().faults_of(public_key(2)).value(), IsEmpty());
    EXPECT_THAT(finder().signatures_of(hash(1)).value(), IsEmpty());
    EXPECT_THAT(finder().signatures_of({}).value(), IsEmpty());
}

TEST_P(EventFinderContract, TheNewestBlockIsTheHighest) {
    append(log(), {block_at_height(1, 7), block_at_height(2, 9), block_at_height(3, 8)});
    EXPECT_EQ(finder().newest_block().value()->id, 2U);
    append(log(), {block_at_height(4, 9), deploy_processed(1)});
    EXPECT_EQ(finder().newest_block().value()->id, 4U) << "of equal height, the newer";
    EXPECT_EQ(finder().block_at(9).value()->id, 4U);
    EXPECT_EQ(finder().block_at(7).value()->id, 1U);
    append(log(), {block_at_height(5, 0)});
    EXPECT_EQ(finder().block_at(0).value()->id, 6U);
}

TEST_P(EventFinderContract, WhatIsKnownOfADeploy) {
    append(log(), {deploy_accepted(1), deploy_expired(2), deploy_processed(1), deploy_accepted(3),
                   deploy_expired(3), deploy_processed(3), block_added(1)});
    const auto id_or_0 = [](const auto& event) { return event ? event->id : 0; };
    const auto ids = [&](std::uint64_t number) {
        const auto deploy = finder().deploy(hash(number)).value();
        return std::vector{id_or_0(deploy.accepted), id_or_0(deploy.processed), id_or_0(deploy.expired)};
    };
    EXPECT_THAT(ids(1), ElementsAre(1, 3, 0));
    EXPECT_THAT(ids(2), ElementsAre(0, 0, 2));
    EXPECT_THAT(ids(3), ElementsAre(4, 6, 5));
    EXPECT_THAT(ids(4), ElementsAre(0, 0, 0));
    const auto deploy = finder().deploy(hash(1)).value();
    EXPECT_EQ(deploy.accepted->payload, deploy_accepted(1).payload);
    EXPECT_EQ(deploy.processed->payload, deploy_processed(1).payload);
    EXPECT_EQ(deploy.processed->key, deploy_processed(1).key);
    for (const auto kind : {Kind::DeployAccepted, Kind::DeployProcessed, Kind::DeployExpired})
        EXPECT_EQ(finder().find(kind, hash(3)).value()->kind, kind);
}

TEST_P(EventFinderContract, FaultsByEraAndByKey) {
    append(log(), {fault(2, 7), fault(1, 8), block_added(1), fault(1, 7), signature(1, 7), fault(1, 9)});
    EXPECT_THAT(ids_of(finder().faults_in(1).value()), ElementsAre(2, 4, 6));
    EXPECT_THAT(ids_of(finder().faults_in(2).value()), ElementsAre(1));
    const auto faults = finder().faults_of(public_key(7)).value();
    EXPECT_THAT(ids_of(faults), ElementsAre(1, 4));
    EXPECT_EQ(faults[1].key, fault(1, 7).key);
    EXPECT_EQ(faults[1].era, 1U);
    EXPECT_EQ(faults[1].payload, fault(1, 7).payload);
    EXPECT_THAT(finder().faults_of(hash(1)).value(), IsEmpty());
}

TEST_P(EventFinderContract, SignaturesOfABlockInTheOrderOfTheirIds) {
    for (const std::uint64_t validator : {5U, 2U, 9U, 1U})
        append(log(), {signature(1, validator), signature(2, validator), block_added(validator)});
    const auto found = finder().signatures_of(hash(2)).value();
    EXPECT_THAT(ids_of(found), ElementsAre(2, 5, 8, 11));
    EXPECT_EQ(found[1].key, signature(2, 2).key);
    EXPECT_EQ(found[1].payload, signature(2, 2).payload);
    EXPECT_EQ(found[1].kind, Kind::FinalitySignature);
    append(log(), signatures(3, 150));
    EXPECT_EQ(finder().signatures_of(hash(3)).value().size(), 150U);
}

// --- large payloads ---

TEST_P(EventFinderContract, ALargePayloadIsReadByItsNumber) {
    const auto large = step(7, 3'000'000);
    append(log(), {staged(large, stage(log(), large)), step(8)});
    const auto found = finder().step(7).value();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->payload, "");
    EXPECT_EQ(found->size, large.payload.size());
    ASSERT_NE(found->large, 0U);
    const auto payload = finder().read_large(found->large).value();
    ASSERT_TRUE(payload);
    EXPECT_TRUE(*payload == large.payload);
    EXPECT_EQ(finder().read_large(found->large).value().get(), payload.get())
        << "who still holds it shares it";
    EXPECT_FALSE(finder().read_large(found->large + 100).value());
    EXPECT_FALSE(finder().read_large(~std::uint64_t{0}).value());
    EXPECT_EQ(finder().step(8).value()->large, 0U);
}

TEST_P(EventFinderContract, APayloadThatIsOnlyStagedIsNotThere) {
    const auto number = stage(log(), incompressible_step(7, 1'500'000));
    EXPECT_FALSE(finder().read_large(number).value());
    EXPECT_FALSE(finder().step(7).value());
}

TEST_P(EventFinderContract, AnyKindCanBeLarge) {
    for (auto event : {block_added(1), deploy_accepted(2), deploy_processed(2)}) {
        event.payload.assign(1'500'000, 'w');
        append(log(), {staged(event, stage(log(), event))});
    }
    EXPECT_EQ(finder().newest_block().value()->size, 1'500'000U);
    const auto deploy = finder().deploy(hash(2)).value();
    EXPECT_NE(deploy.accepted->large, deploy.processed->large);
    const auto listing = finder().events({}).value();
    for (const auto& event : listing.entries) {
        EXPECT_EQ(event.payload, "");
        EXPECT_EQ(finder().read_large(event.large).value()->size(), event.size);
    }
}

TEST_P(EventFinderContract, ThreadsReadLargePayloadsSideBySide) {
    for (std::uint64_t era = 0; era < 3; ++era) {
        const auto large = incompressible_step(era, 1'200'000);
        append(log(), {staged(large, stage(log(), large))});
    }
    const auto& queries = finder();
    std::vector<std::future<bool>> threads;
    for (std::uint64_t i = 0; i < 9; ++i) {
        threads.push_back(std::async(std::launch::async, [&queries, era = i % 3] {
            const auto payload = queries.read_large(queries.step(era).value()->large);
            return payload && *payload && **payload == incompressible_step(era, 1'200'000).payload;
        }));
    }
    for (auto& thread : threads) EXPECT_TRUE(thread.get());
}

// --- what goes on meanwhile ---

TEST_P(EventFinderContract, WhatIsAppendedIsFoundAtOnce) {
    for (std::uint64_t number = 1; number < 50; ++number) {
        append(log(), {block_added(number), deploy_accepted(number), signature(number, 1)});
        EXPECT_EQ(finder().newest_block().value()->height, number);
        EXPECT_TRUE(finder().deploy(hash(number))->accepted);
        EXPECT_EQ(finder().signatures_of(hash(number))->size(), 1U);
        EXPECT_EQ(finder().events({})->entries.front().id, 3 * number);
    }
}

TEST_P(EventFinderContract, ManyThreadsAskWhileEventsAreAppended) {
    append(log(), {block_added(0), deploy_accepted(0), deploy_processed(0)});
    const auto& queries = finder();
    std::atomic<bool> done = false;
    std::atomic<int> problems = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 12; ++i) {
            threads.emplace_back([&] {
                while (!done) {
                    const auto deploy = queries.deploy(hash(0));
                    if (!deploy || !deploy->accepted || !deploy->processed) ++problems;
                    if (const auto page = queries.blocks({}); !page || page->entries.empty()) ++problems;
                    if (const auto page = queries.deploys({}); !page || page->entries.empty()) ++problems;
                }
            });
        }
        for (std::uint64_t number = 1; number < 40; ++number)
            append(log(), {block_added(number), deploy_processed(number)});
        done = true;
    }
    EXPECT_EQ(problems, 0);
}

TEST_P(EventFinderContract, DeletedEventsAreGoneAlthoughTheirKeysAreKnown) {
    const auto large = incompressible_step(1, 1'500'000);
    append(log(), {block_added(1), deploy_accepted(1), deploy_processed(1), signature(1, 1), fault(1, 1),
                   staged(large, stage(log(), large)), shutdown(Filter::Main, 1)});
    const auto number = finder().step(1).value()->large;
    database().prune({.max_age_in_days = 1, .keep_kinds = {Kind::DeployAccepted}}, now_ms() + 2 * kDay);
    append(log(), {block_added(2)});

    EXPECT_FALSE(finder().find(Kind::BlockAdded, hash(1)).value());
    EXPECT_FALSE(finder().block_at(1).value());
    EXPECT_FALSE(finder().step(1).value());
    EXPECT_FALSE(finder().read_large(number).value());
    EXPECT_THAT(finder().signatures_of(hash(1)).value(), IsEmpty());
    EXPECT_THAT(finder().faults_in(1).value(), IsEmpty());
    EXPECT_THAT(finder().faults_of(public_key(1)).value(), IsEmpty());
    EXPECT_EQ(finder().newest_block().value()->height, 2U);
    const auto deploy = finder().deploy(hash(1)).value();
    EXPECT_TRUE(deploy.accepted) << "what is kept below the oldest id is stored";
    EXPECT_FALSE(deploy.processed);
    const auto deploys = finder().deploys({.status = storage::DeployStatus::Accepted}).value();
    ASSERT_EQ(deploys.entries.size(), 1U);
    EXPECT_EQ(finder().deploys({}).value().entries.size(), 1U);
    EXPECT_THAT(ids_of(finder().events({}).value().entries), ElementsAre(8, 2));
    EXPECT_THAT(ids_of(finder().events({.kind = Kind::Shutdown}).value().entries), IsEmpty());
}

}  // namespace

}  // namespace storage_test
