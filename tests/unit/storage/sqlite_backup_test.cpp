#include "storage/sqlite_backup.h"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "sqlite_damage.h"
#include "sqlite_log.h"
#include "storage/sqlite_log_rows.h"
#include "storage/verification.h"
#include "test_events.h"

namespace storage_test {

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

storage::Verification verify(const std::filesystem::path& file) {
    const auto rows = storage::open_sqlite_log_rows(file);
    if (rows) return storage::verify(**rows, {}).value();
    ADD_FAILURE() << rows.error().message;
    return {};
}

class SqliteBackup : public testing::Test {
  protected:
    [[nodiscard]] std::filesystem::path copy() const {
        return sqlite_.directory().parent_path() / "copy.db3";
    }
    [[nodiscard]] base::Result<storage::Backup> back_up(const storage::BackupOptions& options = {}) const {
        return storage::back_up_sqlite(sqlite_.file(), copy(), options);
    }

    SqliteLog sqlite_;
};

TEST_F(SqliteBackup, IsTheLogOfOneMomentWhileEventsAreAppended) {
    for (std::uint64_t block = 1; block <= 100; ++block) append(sqlite_.log(), signatures(block, 100));
    append_one(sqlite_.log(), incompressible_step(1, 3'000'000));
    const auto before = sqlite_.log().range().next;
    std::uint64_t block = 1000;
    storage::BackupOptions options;
    options.progress = [&](double, std::uint64_t) { append(sqlite_.log(), signatures(block++, 100)); };
    const auto done = back_up(options);
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_GT(block, 1001U) << "nothing was appended meanwhile";
    const auto checked = verify(copy());
    EXPECT_THAT(checked.damages, IsEmpty());
    EXPECT_EQ(checked.last + 1, before);
    EXPECT_EQ(done->bytes, std::filesystem::file_size(copy()));
    EXPECT_FALSE(std::filesystem::exists(copy().string() + ".partial"));

    SqliteLog restored(false);
    std::filesystem::copy_file(copy(), restored.file());
    restored.open();
    EXPECT_EQ(restored.log().feed_id(), sqlite_.log().feed_id());
    EXPECT_EQ(append_one(restored.log(), block_added(1)), before);
}

TEST_F(SqliteBackup, AnOlderCopyIsReplacedAndOtherFilesAreNot) {
    append(sqlite_.log(), {block_added(1)});
    ASSERT_TRUE(back_up());
    append(sqlite_.log(), {block_added(2)});
    ASSERT_TRUE(back_up());
    EXPECT_EQ(verify(copy()).last, 2U);
    write_file(copy(), "a letter");
    const auto refused = back_up();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("is no copy of a log"));
    EXPECT_EQ(read_file(copy()), "a letter");
}

TEST_F(SqliteBackup, NeverOverALogInUse) {
    append(sqlite_.log(), {block_added(1)});
    const auto itself = storage::back_up_sqlite(sqlite_.file(), sqlite_.file(), {});
    ASSERT_FALSE(itself);
    EXPECT_THAT(itself.error().message, HasSubstr("is the log itself"));
    SqliteLog other;
    const auto in_use = storage::back_up_sqlite(sqlite_.file(), other.file(), {});
    ASSERT_FALSE(in_use);
    EXPECT_THAT(in_use.error().message, HasSubstr("in use"));
}

TEST_F(SqliteBackup, WhatIsGivenUpLeavesNothing) {
    append_one(sqlite_.log(), incompressible_step(1, 3'000'000));
    storage::BackupOptions options;
    options.stop = [] { return true; };
    EXPECT_TRUE(back_up(options).value().stopped);
    EXPECT_FALSE(std::filesystem::exists(copy()));
    EXPECT_FALSE(std::filesystem::exists(copy().string() + ".partial"));
}

TEST_F(SqliteBackup, WhatAKilledOneLeftIsNoHarm) {
    append(sqlite_.log(), {block_added(1)});
    write_file(copy().string() + ".partial", "half of a copy");
    ASSERT_TRUE(back_up());
    EXPECT_EQ(verify(copy()).last, 1U);
}

TEST_F(SqliteBackup, ANewerSchemaAndAMissingLogAreRefused) {
    sqlite_.close();
    alter(sqlite_.file(), "PRAGMA user_version = 77");
    const auto before = read_file(sqlite_.file());
    const auto newer = back_up();
    ASSERT_FALSE(newer);
    EXPECT_THAT(newer.error().message, HasSubstr("schema 77"));
    EXPECT_TRUE(read_file(sqlite_.file()) == before);
    std::filesystem::remove(sqlite_.file());
    EXPECT_THAT(back_up().error().message, HasSubstr("no event log"));
    EXPECT_FALSE(std::filesystem::exists(copy()));
}

TEST_F(SqliteBackup, AFolderThatIsMissingIsNamed) {
    append(sqlite_.log(), {block_added(1)});
    const auto refused =
        storage::back_up_sqlite(sqlite_.file(), sqlite_.directory() / "none" / "copy.db3", {});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("none/copy.db3"));
}

}  // namespace

}  // namespace storage_test
