#include "storage/sqlite_event_reader.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sqlite_log.h"
#include "storage/open_log.h"
#include "test_events.h"

namespace storage_test {

namespace {

using storage::SqliteEventReader;
using testing::HasSubstr;

TEST(SqliteEventReader, ReadsALogThatIsBeingWritten) {
    SqliteLog log;
    append(log.log(), {api_version("1.5.6"), block_added(1), deploy_processed(1)});
    const auto reader = SqliteEventReader::open(log.options());
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_EQ((*reader)->feed_id(), log.log().feed_id());
    EXPECT_EQ((*reader)->network_name(), "casper-test");
    EXPECT_EQ((*reader)->range().oldest, 1U);
    EXPECT_EQ((*reader)->range().next, 3U);

    const auto page = (*reader)->read({});
    ASSERT_TRUE(page) << page.error().message;
    ASSERT_EQ(page->events.size(), 2U);
    EXPECT_EQ(page->events[0].payload, block_added(1).payload);
    EXPECT_EQ(page->events[1].api_version.to_string(), "1.5.6");

    append_one(log.log(), block_added(2));
    EXPECT_EQ((*reader)->range().next, 3U) << "the range is that of the opening";
    const auto newest = (*reader)->read_newest(1, 1000);
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->front().id, 3U);
}

TEST(SqliteEventReader, ReadsALogThatIsAtRestWithoutChangingIt) {
    SqliteLog log;
    append(log.log(), {block_added(1), step(1, 3'000'000)});
    log.close();
    const auto before = read_file(log.file());
    {
        const auto reader = SqliteEventReader::open(log.options());
        ASSERT_TRUE(reader) << reader.error().message;
        const auto page = (*reader)->read({.max_bytes = 10'000'000});
        ASSERT_TRUE(page) << page.error().message;
        ASSERT_EQ(page->events.size(), 2U);
        EXPECT_EQ(page->events[1].payload, step(1, 3'000'000).payload);
    }
    EXPECT_EQ(read_file(log.file()), before);
    log.open();
    EXPECT_EQ(append_one(log.log(), block_added(2)), 3U);
}

TEST(SqliteEventReader, MakesNoLogWhereThereIsNone) {
    const SqliteLog log(false);
    const auto reader = SqliteEventReader::open(log.options());
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().category, base::Error::Category::Unavailable);
    EXPECT_THAT(reader.error().message, HasSubstr(log.file().string()));
    EXPECT_FALSE(std::filesystem::exists(log.file()));
}

TEST(SqliteEventReader, RefusesAFileThatIsNoLog) {
    const SqliteLog log(false);
    write_file(log.file(), std::string(4096, 'x'));
    const auto reader = SqliteEventReader::open(log.options());
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().category, base::Error::Category::Corrupt);
}

TEST(OpenLogForReading, OpensTheDatabaseThatIsConfigured) {
    SqliteLog log;
    append_one(log.log(), block_added(1));
    storage::Options options;
    options.database = log.options();
    const auto reader = storage::open_log_for_reading(options);
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_EQ((*reader)->range().newest(), 1U);
}

}  // namespace

}  // namespace storage_test
