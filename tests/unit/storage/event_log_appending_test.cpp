// The contract of the event log: ids, natural keys, versions, the network.

#include <vector>

#include "event_log_contract.h"

namespace storage_test {

namespace {

using base::Filter;
using testing::ElementsAre;
using testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(Databases, EventLogContract, testing::ValuesIn(log_factories()),
                         [](const auto& parameter) { return parameter.param.name; });

TEST_P(EventLogContract, NewLogIsEmpty) {
    EXPECT_TRUE(log().range().empty());
    EXPECT_EQ(log().range().oldest, 1U);
    EXPECT_EQ(log().network_name(), "");
    EXPECT_FALSE(log().api_version().known());
    EXPECT_TRUE(log().positions().empty());
    EXPECT_EQ(log().feed_id().size(), 36U);
    EXPECT_THAT(read_ids(log(), {}), IsEmpty());
    EXPECT_TRUE(log().read_newest(10, 1000)->empty());
}

TEST_P(EventLogContract, ANewLogBeginsAtTheIdThatIsAskedFor) {
    ASSERT_TRUE(log().begin_at(700));
    EXPECT_EQ(log().range().oldest, 700U);
    EXPECT_TRUE(log().range().empty());
    EXPECT_EQ(append_one(log(), block_added(1)), 700U);
    reopen();
    EXPECT_EQ(log().range().oldest, 700U);
    EXPECT_EQ(append_one(log(), block_added(2)), 701U);
    EXPECT_THAT(read_ids(log(), {}), ElementsAre(700U, 701U));
}

TEST_P(EventLogContract, AnUnusedLogCanBeAskedAgain) {
    ASSERT_TRUE(log().begin_at(700));
    ASSERT_TRUE(log().begin_at(50));
    EXPECT_EQ(log().range().oldest, 50U);
    EXPECT_EQ(append_one(log(), block_added(1)), 50U);
}

TEST_P(EventLogContract, IdsOfALogThatHeldEventsGoOnWhereTheyAre) {
    append_one(log(), block_added(1));
    EXPECT_FALSE(log().begin_at(700));
    reopen();
    const auto refused = log().begin_at(700);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().category, base::Error::Category::Invalid);
    EXPECT_EQ(append_one(log(), block_added(2)), 2U);
}

TEST_P(EventLogContract, NoLogBeginsAtAnIdThatIsNone) {
    EXPECT_FALSE(log().begin_at(0));
    EXPECT_FALSE(log().begin_at(base::kMaxEventId));
    EXPECT_EQ(append_one(log(), block_added(1)), 1U);
}

TEST_P(EventLogContract, FeedIdStaysAndDiffersBetweenLogs) {
    const auto feed_id = log().feed_id();
    reopen();
    EXPECT_EQ(log().feed_id(), feed_id);
    EXPECT_NE(GetParam().make()->log().feed_id(), feed_id);
}

TEST_P(EventLogContract, IdsAreDenseOverAllKinds) {
    EXPECT_THAT(
        append(log(), {block_added(1), signature(1, 1), api_version("1.5.6"), deploy_accepted(1), step(1)}),
        ElementsAre(1, 2, 0, 3, 4));
    EXPECT_THAT(
        append(log(), {fault(1, 1), deploy_expired(1), deploy_processed(1), shutdown(Filter::Main, 1)}),
        ElementsAre(5, 6, 7, 8));
    EXPECT_EQ(log().range().oldest, 1U);
    EXPECT_EQ(log().range().newest(), 8U);
}

TEST_P(EventLogContract, IdsGoOnAfterReopening) {
    append_one(log(), block_added(1));
    reopen();
    EXPECT_EQ(log().range().next, 2U);
    EXPECT_EQ(append_one(log(), block_added(2)), 2U);
}

TEST_P(EventLogContract, KnownEventsGetNoId) {
    EXPECT_EQ(append_one(log(), block_added(1)), 1U);
    EXPECT_EQ(append_one(log(), block_added(1)), 0U);
    EXPECT_THAT(append(log(), {block_added(1), block_added(2)}), ElementsAre(0, 2));
    reopen();
    EXPECT_THAT(append(log(), {block_added(2), block_added(1), block_added(3)}), ElementsAre(0, 0, 3));
    EXPECT_EQ(read_all(log()).size(), 3U);
}

TEST_P(EventLogContract, DuplicatesWithinABatchAreFound) {
    EXPECT_THAT(append(log(), {signature(1, 1), signature(1, 1), signature(1, 2), signature(1, 1)}),
                ElementsAre(1, 0, 2, 0));
}

TEST_P(EventLogContract, TheWholeKeyCounts) {
    EXPECT_THAT(append(log(), {signature(1, 1), signature(1, 2), signature(2, 1), fault(1, 1), fault(2, 1),
                               fault(1, 2)}),
                ElementsAre(1, 2, 3, 4, 5, 6));
    // The same hash in events of different kinds.
    EXPECT_THAT(append(log(), {deploy_accepted(1), deploy_processed(1), deploy_expired(1)}),
                ElementsAre(7, 8, 9));
    EXPECT_THAT(append(log(), {fault(1, 1), signature(2, 1), deploy_expired(1)}), ElementsAre(0, 0, 0));
}

TEST_P(EventLogContract, EveryShutdownIsAnEventOnce) {
    EXPECT_THAT(
        append(log(), {shutdown(Filter::Main, 1), shutdown(Filter::Deploys, 1), shutdown(Filter::Main, 2)}),
        ElementsAre(1, 2, 3));
    EXPECT_THAT(append(log(), {shutdown(Filter::Main, 1), shutdown(Filter::Sigs, 1)}), ElementsAre(0, 4));
}

TEST_P(EventLogContract, TheGreatestApiVersionIsKept) {
    append(log(), {api_version("1.5.6")});
    EXPECT_EQ(log().api_version(), version("1.5.6"));
    append(log(), {api_version("1.5.2")});
    EXPECT_EQ(log().api_version(), version("1.5.6"));
    append(log(), {api_version("1.10.0"), api_version("1.9.9")});
    EXPECT_EQ(log().api_version(), version("1.10.0"));
    EXPECT_TRUE(log().range().empty());
    reopen();
    EXPECT_EQ(log().api_version(), version("1.10.0"));
}

TEST_P(EventLogContract, OutcomeTellsTheVersionBeforeEachEvent) {
    const base::EventBatch batch{block_added(1),       api_version("1.5.6"), block_added(2),
                                 api_version("1.4.0"), block_added(2),       api_version("1.6.0")};
    const auto appended = log().append(batch, "");
    ASSERT_TRUE(appended);
    EXPECT_THAT(appended->ids, ElementsAre(1, 0, 2, 0, 0, 0));
    EXPECT_THAT(appended->versions,
                ElementsAre(base::ApiVersion{}, base::ApiVersion{}, version("1.5.6"), version("1.5.6"),
                            version("1.5.6"), version("1.5.6"), version("1.6.0")));
    const auto none = log().append({}, "");
    EXPECT_THAT(none->ids, IsEmpty());
    EXPECT_THAT(none->versions, ElementsAre(version("1.6.0")));
}

TEST_P(EventLogContract, EventsCarryTheVersionKnownWhenTheyWereAppended) {
    append(log(),
           {block_added(1), api_version("1.5.6"), block_added(2), api_version("1.5.2"), block_added(3)});
    reopen();
    append(log(), {block_added(4), api_version("2.0.0"), block_added(5)});
    std::vector<base::ApiVersion> versions;
    for (const auto& event : read_all(log())) versions.push_back(event.api_version);
    EXPECT_THAT(versions, ElementsAre(base::ApiVersion{}, version("1.5.6"), version("1.5.6"),
                                      version("1.5.6"), version("2.0.0")));
}

TEST_P(EventLogContract, TheFirstNetworkNameIsTheLogs) {
    append(log(), {block_added(1)}, "");
    EXPECT_EQ(log().network_name(), "");
    append(log(), {block_added(2)}, "casper");
    EXPECT_EQ(log().network_name(), "casper");
    reopen();
    EXPECT_EQ(log().network_name(), "casper");
    append(log(), {block_added(3)}, "");
    EXPECT_EQ(log().network_name(), "casper");
}

TEST_P(EventLogContract, AnotherNetworkIsRefused) {
    append(log(), {block_added(1)}, "casper");
    const auto refused = log().append(base::EventBatch{block_added(2), api_version("9.0.0")}, "casper-test");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().category, base::Error::Category::Invalid);
    EXPECT_THAT(refused.error().message, testing::HasSubstr("casper-test"));
    EXPECT_EQ(log().range().next, 2U);
    EXPECT_FALSE(log().api_version().known());
    EXPECT_THAT(append(log(), {block_added(2)}, "casper"), ElementsAre(2));
}

}  // namespace

}  // namespace storage_test
