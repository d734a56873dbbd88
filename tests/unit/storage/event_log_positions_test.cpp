// The contract of the event log: where the reading of the nodes goes on.

#include "event_log_contract.h"

namespace storage_test {

namespace {

using base::Filter;
using base::Kind;

TEST_P(EventLogContract, PositionsAreStoredWithTheEvents) {
    append(log(), {from_node(block_added(1), "a", 10), from_node(signature(1, 1), "a", 11),
                   from_node(block_added(1), "b", 4'294'967'295U, 3), from_node(block_added(2), "a", 12)});
    reopen();
    const auto positions = log().positions();
    ASSERT_EQ(positions.size(), 3U);
    const auto& main = positions.at({"a", Filter::Main});
    EXPECT_EQ(main.position, (base::NodePosition{12, 0}));
    EXPECT_EQ(main.kind, Kind::BlockAdded);
    EXPECT_EQ(main.key, block_added(2).key);
    EXPECT_EQ(positions.at({"a", Filter::Sigs}).key, signature(1, 1).key);
    EXPECT_EQ(positions.at({"b", Filter::Main}).position, (base::NodePosition{4'294'967'295U, 3}));
}

TEST_P(EventLogContract, TheLastPositionOfABatchCountsNotTheGreatest) {
    append(log(), {from_node(block_added(1), "a", 500, 0), from_node(block_added(2), "a", 3, 1)});
    reopen();
    EXPECT_EQ(log().positions().at({"a", Filter::Main}).position, (base::NodePosition{3, 1}));
}

TEST_P(EventLogContract, ApiVersionsAndOwnEventsHaveNoPosition) {
    append(log(), {from_node(api_version("1.5.6"), "a", 9), shutdown(Filter::Sidecar, 1)});
    reopen();
    EXPECT_TRUE(log().positions().empty());
}

TEST_P(EventLogContract, PositionsOfDuplicatesAreStoredByFlush) {
    append(log(), {from_node(block_added(1), "a", 1)});
    append(log(), {from_node(block_added(1), "b", 7)});
    ASSERT_TRUE(log().flush());
    reopen();
    EXPECT_EQ(log().positions().at({"b", Filter::Main}).position.event_id, 7U);
    EXPECT_EQ(log().positions().at({"a", Filter::Main}).position.event_id, 1U);
}

TEST_P(EventLogContract, PositionsOfDuplicatesAreStoredWithTheNextNews) {
    append(log(), {from_node(block_added(1), "a", 1)});
    append(log(), {from_node(block_added(1), "b", 7)});
    append(log(), {from_node(block_added(1), "b", 8)});
    append(log(), {from_node(block_added(2), "a", 2)});
    reopen();
    EXPECT_EQ(log().positions().at({"b", Filter::Main}).position.event_id, 8U);
}

TEST_P(EventLogContract, PositionsAreAsOfTheStart) {
    append(log(), {from_node(block_added(1), "a", 1)});
    EXPECT_TRUE(log().positions().empty());
}

}  // namespace

}  // namespace storage_test
