#include "storage/sqlite_repair.h"

#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <thread>

#include "sqlite_damage.h"
#include "sqlite_log.h"
#include "storage/sqlite_log_rows.h"
#include "storage/sqlite_schema.h"
#include "test_events.h"

namespace storage_test {

namespace {

using storage::Damage;
using storage::Repair;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kFilledBlocks = 40;
constexpr std::uint64_t kSigners = 50;

/// Also below the oldest id.
std::vector<storage::StoredEvent> read_from_the_first(const storage::EventLog& log) {
    return log.read({.max_events = 100'000, .max_bytes = std::size_t{1} << 30U}).value().events;
}

class SqliteRepair : public testing::Test {
  protected:
    /// Blocks with deploys and signatures, some hundred events a page of the table.
    void fill() {
        for (std::uint64_t block = 1; block <= kFilledBlocks; ++block) {
            append(sqlite_.log(), {from_node(block_added(block), "n", static_cast<std::uint32_t>(block)),
                                   deploy_processed(block)});
            append(sqlite_.log(), signatures(block, kSigners));
        }
        append_one(sqlite_.log(), staged(step(1, 2'000'000), stage(sqlite_.log(), step(1, 2'000'000))));
        next_ = sqlite_.log().range().next;
        feed_id_ = sqlite_.log().feed_id();
        for (const auto& event : read_all(sqlite_.log())) payloads_[event.id] = event.payload;
        sqlite_.close();
    }

    [[nodiscard]] std::filesystem::path file() const { return sqlite_.file(); }
    [[nodiscard]] storage::Verification verify() const {
        const auto rows = storage::open_sqlite_log_rows(file());
        if (rows) return storage::verify(**rows, {}).value();
        ADD_FAILURE() << rows.error().message;
        return {};
    }
    [[nodiscard]] Repair repair() const { return storage::repair_sqlite(file(), {}).value(); }

    /// What every repaired log is: sound, with the events that are left under their own ids, and none given
    /// again.
    void expect_good_log(std::size_t most_lost) {
        const auto checked = verify();
        EXPECT_THAT(checked.damages, IsEmpty());
        sqlite_.open();
        EXPECT_EQ(sqlite_.log().feed_id(), feed_id_);
        EXPECT_EQ(sqlite_.log().network_name(), "casper-test");
        const auto events = read_from_the_first(sqlite_.log());
        EXPECT_GE(events.size() + most_lost, payloads_.size());
        for (const auto& event : events) EXPECT_EQ(payloads_.at(event.id), event.payload) << event.id;
        EXPECT_GE(append_one(sqlite_.log(), block_added(1000)), next_);
    }

    SqliteLog sqlite_;
    base::EventId next_ = 0;
    std::string feed_id_;
    std::map<base::EventId, std::string> payloads_;
};

TEST_F(SqliteRepair, ASoundLogIsNotTouched) {
    fill();
    const auto before = read_file(file());
    EXPECT_EQ(repair().outcome, Repair::Outcome::Sound);
    EXPECT_TRUE(read_file(file()) == before);
}

TEST_F(SqliteRepair, NotWhileASidecarRuns) {
    fill();
    sqlite_.open();
    const auto refused = storage::repair_sqlite(file(), {});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("already works on this log"));
}

TEST_F(SqliteRepair, ALostEventComesBackUnderANewIdAndTheGapIsAnnounced) {
    fill();
    alter(file(), "UPDATE event SET payload = x'00112233' WHERE id = 1");
    const auto damaged = read_file(file());
    const auto done = repair();
    EXPECT_EQ(done.outcome, Repair::Outcome::Repaired);
    EXPECT_TRUE(done.nodes_are_read_again);
    EXPECT_TRUE(read_file(done.aside) == damaged) << "the damaged file is kept";
    expect_good_log(1);
    EXPECT_EQ(sqlite_.log().range().oldest, 2U);
    EXPECT_THAT(sqlite_.log().positions(), IsEmpty());
    EXPECT_EQ(append_one(sqlite_.log(), block_added(2)), 0U) << "what is kept is known";
    EXPECT_EQ(append_one(sqlite_.log(), signature(3, 4)), 0U);
    EXPECT_EQ(append_one(sqlite_.log(), block_added(1)), next_ + 1) << "what was lost is not";
    sqlite_.close();
    EXPECT_THAT(verify().damages, IsEmpty());
}

TEST_F(SqliteRepair, ALostSignatureComesBack) {
    fill();
    alter(file(), "DELETE FROM event WHERE id = 20");
    EXPECT_EQ(repair().outcome, Repair::Outcome::Repaired);
    expect_good_log(2);
    EXPECT_EQ(append_one(sqlite_.log(), signature(1, 17)), next_ + 1);
    EXPECT_EQ(sqlite_.log().range().oldest, 22U) << "what follows the lost one is not proven";
}

TEST_F(SqliteRepair, ADamagedHashCostsNothing) {
    fill();
    alter(file(), "UPDATE event SET chain_hash = zeroblob(32) WHERE id IN (7, 900)");
    const auto done = repair();
    EXPECT_FALSE(done.nodes_are_read_again);
    expect_good_log(0);
    EXPECT_EQ(sqlite_.log().range().oldest, 1U);
    EXPECT_FALSE(sqlite_.log().positions().empty());
}

TEST_F(SqliteRepair, ADamagedPageCostsItsEvents) {
    fill();
    spoil_leaf(file(), "event", 3);
    EXPECT_THAT(verify().damages, testing::Contains(testing::Field(&Damage::kind, Damage::Kind::Unreadable)));
    EXPECT_EQ(repair().outcome, Repair::Outcome::Repaired);
    expect_good_log(100);
}

TEST_F(SqliteRepair, DamagedIndexesCostNothing) {
    for (const auto* index : {"event_key_id", "event_source", "event_key", "signature_key", "event_account",
                              "payload_part_seq"}) {
        SCOPED_TRACE(index);
        if (!payloads_.empty()) {
            sqlite_.close();
            std::filesystem::remove(file());
            payloads_.clear();
            sqlite_.open();
        }
        fill();
        spoil_leaf(file(), index, 0);
        EXPECT_FALSE(verify().sound());
        EXPECT_EQ(repair().outcome, Repair::Outcome::Repaired);
        const bool key_is_lost = std::string(index) == "event_key";
        const bool payload_is_lost = std::string(index) == "payload_part_seq";
        expect_good_log(key_is_lost ? 2 * kFilledBlocks + 2 : (payload_is_lost ? 1 : 0));
    }
}

TEST_F(SqliteRepair, AFileThatIsCutOffKeepsItsBeginning) {
    fill();
    cut_off(file(), 20);
    EXPECT_EQ(repair().outcome, Repair::Outcome::Repaired);
    sqlite_.open();
    EXPECT_GE(append_one(sqlite_.log(), block_added(1000)), next_);
    sqlite_.close();
    EXPECT_THAT(verify().damages, IsEmpty());
}

TEST_F(SqliteRepair, WithoutAHeadIdsGoOnWithADistance) {
    fill();
    alter(file(), "DELETE FROM log");
    const auto done = repair();
    EXPECT_THAT(done.notes, testing::Contains(HasSubstr("head could not be read")));
    sqlite_.open();
    EXPECT_GT(append_one(sqlite_.log(), block_added(1000)), next_ + 1000);
    EXPECT_EQ(read_from_the_first(sqlite_.log()).size(), payloads_.size() + 1);
    sqlite_.close();
    EXPECT_THAT(verify().damages, IsEmpty());
}

TEST_F(SqliteRepair, AWrongHeadIsRight) {
    fill();
    alter(file(), "UPDATE log SET next_id = 7");
    EXPECT_EQ(repair().outcome, Repair::Outcome::Repaired);
    expect_good_log(0);
}

TEST_F(SqliteRepair, TheDictionaryIsWrittenAnew) {
    fill();
    alter(file(), "UPDATE dictionary SET bytes = x'00'");
    EXPECT_FALSE(repair().nodes_are_read_again);
    expect_good_log(0);
}

TEST_F(SqliteRepair, WhatRetentionDeletedStaysDeletedAndKnown) {
    fill();
    // As the pruner leaves it.
    alter(file(),
          "INSERT INTO pruned_run SELECT 1, 52, chain_hash FROM event WHERE id = 52; DELETE FROM event WHERE "
          "id <= "
          "52; UPDATE log SET oldest_id = 53");
    EXPECT_THAT(verify().damages, IsEmpty());
    alter(file(), "UPDATE event SET payload = x'00' WHERE id = 60");
    EXPECT_EQ(repair().outcome, Repair::Outcome::Repaired);
    EXPECT_EQ(query_integer(file(), "SELECT count(*) FROM pruned_run"), 2);
    sqlite_.open();
    EXPECT_EQ(append_one(sqlite_.log(), block_added(1)), 0U) << "its key is known";
    EXPECT_EQ(append_one(sqlite_.log(), signature(1, 3)), 0U);
    EXPECT_EQ(sqlite_.log().range().oldest, 61U);
}

TEST_F(SqliteRepair, ItIsTheLogAsOfItsWriteAheadLog) {
    fill();
    SqliteLog other;
    append(other.log(), {block_added(1), block_added(2), block_added(3)});
    // A copy as a crash leaves it: the events are in the write-ahead log alone.
    std::filesystem::copy_file(other.file(), file(), std::filesystem::copy_options::overwrite_existing);
    std::filesystem::copy_file(other.file().string() + "-wal", file().string() + "-wal",
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::remove(file().string() + "-shm");
    {
        const storage::SqliteConnection connection(file(), storage::SqliteConnection::Mode::ReadWrite);
        connection.checkpoint_on_close(false);
        connection.execute("UPDATE event SET payload = x'00' WHERE id = 2");
    }
    const auto done = repair();
    EXPECT_EQ(done.outcome, Repair::Outcome::Repaired);
    EXPECT_TRUE(std::filesystem::exists(done.aside.string() + "-wal"));
    EXPECT_FALSE(std::filesystem::exists(file().string() + "-wal"));
    EXPECT_EQ(query_integer(file(), "SELECT count(*) FROM event"), 2);
}

/// Every state in which a kill can leave the last steps.
TEST_F(SqliteRepair, AnInterruptedRepairIsRefusedAtStartAndEnded) {
    for (int step = 0; step < 3; ++step) {
        SCOPED_TRACE(step);
        if (step > 0) sqlite_.open();
        fill();
        alter(file(), "UPDATE event SET payload = x'00' WHERE id = 5");
        const auto damaged = read_file(file());
        const auto done = repair();
        std::filesystem::rename(file(), storage::repaired_file(file()));
        if (step < 2) std::filesystem::rename(done.aside, file());
        if (step == 0) write_file(file().string() + "-wal", "of the damaged file");
        const auto refused = opening_error(sqlite_.options());
        EXPECT_THAT(refused.message, HasSubstr("was interrupted"));
        EXPECT_THAT(refused.message, HasSubstr("verify --repair"));

        const auto finished = repair();
        EXPECT_EQ(finished.outcome, Repair::Outcome::Finished);
        if (step == 0) {
            EXPECT_EQ(read_file(finished.aside.string() + "-wal"), "of the damaged file");
        }
        EXPECT_FALSE(std::filesystem::exists(file().string() + "-wal"));
        EXPECT_TRUE(read_file(step < 2 ? finished.aside : done.aside) == damaged);
        expect_good_log(1);
        sqlite_.close();
        std::filesystem::remove(file());
        payloads_.clear();
    }
}

TEST_F(SqliteRepair, WhatAKilledRepairLeftBesideTheLogIsNoHarm) {
    fill();
    alter(file(), "UPDATE event SET payload = x'00' WHERE id = 5");
    write_file(file().string() + ".repairing", "half of a copy");
    write_file(file().string() + ".repairing-journal", "half of a journal");
    EXPECT_EQ(repair().outcome, Repair::Outcome::Repaired);
    expect_good_log(1);
}

TEST_F(SqliteRepair, ANewerSchemaIsLeftAlone) {
    fill();
    alter(file(), "PRAGMA user_version = 77; UPDATE event SET payload = x'00' WHERE id = 5");
    const auto before = read_file(file());
    const auto refused = storage::repair_sqlite(file(), {});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("schema 77"));
    EXPECT_TRUE(read_file(file()) == before);
}

TEST_F(SqliteRepair, OfGarbageNothingIsKeptAndNothingChanged) {
    fill();
    auto content = read_file(file());
    std::fill_n(content.begin(), 4096, 'x');
    write_file(file(), content);
    const auto refused = storage::repair_sqlite(file(), {});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("restore a backup"));
    EXPECT_TRUE(read_file(file()) == content);
}

}  // namespace

}  // namespace storage_test
