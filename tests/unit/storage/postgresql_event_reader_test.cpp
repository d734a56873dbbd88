#include "storage/postgresql_event_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgresql_log.h"
#include "storage/open_log.h"
#include "storage/postgresql_event_log.h"
#include "test_events.h"

namespace storage_test {

namespace {

using testing::HasSubstr;

TEST(PostgresqlEventReader, ReadsALogThatIsBeingWritten) {
    PostgresqlLog log;
    append(log.log(), {api_version("1.5.6"), block_added(1), step(1, 3'000'000)});
    const auto reader = storage::open_log_for_reading(log.options());
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_EQ((*reader)->feed_id(), log.log().feed_id());
    EXPECT_EQ((*reader)->network_name(), "casper-test");
    EXPECT_EQ((*reader)->range().oldest, 1U);
    EXPECT_EQ((*reader)->range().next, 3U);
    const auto page = (*reader)->read({.max_bytes = 10'000'000});
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_EQ(page->events.size(), 2U);
    EXPECT_EQ(page->events[0].api_version.to_string(), "1.5.6");
    EXPECT_EQ(page->events[1].payload, step(1, 3'000'000).payload);

    EXPECT_EQ(append_one(log.log(), block_added(2)), 3U);
    const auto newest = (*reader)->read_newest(1, 1000);
    ASSERT_TRUE(newest) << newest.error().message;
    EXPECT_EQ(newest->front().id, 3U);
}

TEST(PostgresqlEventReader, MakesNoLogWhereThereIsNone) {
    PostgresqlLog log(false);
    const auto reader = storage::open_log_for_reading(log.options());
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().category, base::Error::Category::Unavailable);
    EXPECT_THAT(reader.error().message, HasSubstr("there is no event log"));
    EXPECT_EQ(log.query("SELECT count(*) FROM pg_namespace WHERE nspname = 'event_sidecar'"), "0");
}

TEST(PostgresqlEventReader, RefusesALogOfAnotherVersion) {
    PostgresqlLog log;
    log.close();
    log.query("UPDATE event_sidecar.schema_version SET version = 1000");
    const auto reader = storage::open_log_for_reading(log.options());
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().category, base::Error::Category::Invalid);
}

}  // namespace

}  // namespace storage_test
