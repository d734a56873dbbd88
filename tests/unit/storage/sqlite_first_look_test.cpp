// A damaged log is refused when it is opened, with what to do about it.

#include <chrono>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sqlite_damage.h"
#include "sqlite_log.h"
#include "test_events.h"

namespace storage_test {

namespace {

using testing::HasSubstr;

class FirstLook : public testing::Test {
  protected:
    FirstLook() {
        for (std::uint64_t block = 1; block <= 20; ++block) {
            append(sqlite_.log(), {block_added(block)});
            append(sqlite_.log(), signatures(block, 50));
        }
        sqlite_.close();
    }

    void expect_refused(const std::string& why) {
        const auto error = opening_error(sqlite_.options());
        EXPECT_EQ(error.category, base::Error::Category::Corrupt);
        EXPECT_THAT(error.message, HasSubstr(sqlite_.file().string()));
        EXPECT_THAT(error.message, HasSubstr(why));
        EXPECT_THAT(error.message, HasSubstr("event-sidecar verify --repair"));
        EXPECT_THAT(error.message, HasSubstr("backup"));
    }

    SqliteLog sqlite_;
};

TEST_F(FirstLook, AFileThatIsCutOff) {
    cut_off(sqlite_.file(), 3);
    const auto before = read_file(sqlite_.file());
    expect_refused("cut off");
    EXPECT_TRUE(read_file(sqlite_.file()) == before);
}

TEST_F(FirstLook, AFileThatIsCutOffBesideAWriteAheadLog) {
    SqliteLog other;
    append(other.log(), {block_added(1)});
    std::filesystem::copy_file(other.file().string() + "-wal", sqlite_.file().string() + "-wal",
                               std::filesystem::copy_options::overwrite_existing);
    cut_off(sqlite_.file(), 3);
    expect_refused("cut off");
}

TEST_F(FirstLook, WhatACrashLeftInTheWriteAheadLogIsNoDamage) {
    sqlite_.open();
    append(sqlite_.log(), signatures(100, 50));
    SqliteLog copy(false);
    std::filesystem::copy_file(sqlite_.file(), copy.file());
    std::filesystem::copy_file(sqlite_.file().string() + "-wal", copy.file().string() + "-wal");
    copy.open();
    EXPECT_EQ(copy.log().range().next, sqlite_.log().range().next);
}

TEST_F(FirstLook, AHeadThatDoesNotFit) {
    alter(sqlite_.file(), "UPDATE log SET next_id = 5");
    expect_refused("gives the next the id 5");
    alter(sqlite_.file(), "UPDATE log SET next_id = 1021, chain_hash = zeroblob(32)");
    expect_refused("chain hash");
    alter(sqlite_.file(), "DELETE FROM log");
    expect_refused("no row");
}

TEST_F(FirstLook, NewestEventsThatAreDamaged) {
    alter(sqlite_.file(), "UPDATE event SET payload = x'00' WHERE id = 1018");
    expect_refused("event 1018");
}

TEST_F(FirstLook, AnEmptiedTable) {
    alter(sqlite_.file(), "DELETE FROM event");
    expect_refused("none of its events");
}

TEST_F(FirstLook, DamageInTheMiddleIsNotLookedForAndNamedWhenItIsRead) {
    spoil_leaf(sqlite_.file(), "event", 1);
    sqlite_.open();
    const auto page = sqlite_.log().read({});
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().category, base::Error::Category::Corrupt);
    EXPECT_THAT(page.error().message, HasSubstr("event-sidecar verify --repair"));
}

TEST_F(FirstLook, DamageThatAnAppendMeetsIsNamed) {
    spoil_leaf(sqlite_.file(), "signature_key", 0);
    sqlite_.open();
    const auto appended = sqlite_.log().append(signatures(1, 1), "casper-test");
    ASSERT_FALSE(appended);
    EXPECT_EQ(appended.error().category, base::Error::Category::Corrupt) << "it is not tried for ever";
    EXPECT_THAT(appended.error().message, HasSubstr("event-sidecar verify --repair"));
}

}  // namespace

}  // namespace storage_test
