#include "storage/rust_sqlite_history.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sqlite_log.h"
#include "support/payloads.h"
#include "support/rust_database.h"
#include "temporary_folder.h"
#include "test_events.h"

namespace storage_test {

namespace {

using base::Kind;
using storage::HistoryFault;
using storage::HistoryItem;
using storage::HistoryRow;
using storage::RustSqliteHistory;
using support::RustDatabase;
using testing::ElementsAre;
using testing::HasSubstr;

class RustHistory : public testing::Test {
  protected:
    [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "sqlite_database.db3"; }

    [[nodiscard]] std::unique_ptr<RustSqliteHistory> open() const {
        auto opened = RustSqliteHistory::open(file());
        if (!opened) throw std::runtime_error(opened.error().message);
        return std::move(*opened);
    }

    [[nodiscard]] base::Error refused() const {
        const auto opened = RustSqliteHistory::open(file());
        EXPECT_FALSE(opened);
        return opened ? base::Error{} : opened.error();
    }

    static std::vector<HistoryItem> rest_of(RustSqliteHistory& history) {
        std::vector<HistoryItem> items;
        while (auto item = history.next().value()) items.push_back(std::move(*item));
        return items;
    }

    /// The payloads, a fault as "NUMBER: why".
    static std::vector<std::string> texts_of(RustSqliteHistory& history) {
        std::vector<std::string> texts;
        for (const auto& item : rest_of(history)) {
            const auto* fault = std::get_if<HistoryFault>(&item);
            texts.push_back(fault == nullptr ? std::get<HistoryRow>(item).payload
                                             : std::to_string(fault->number) + ": " + fault->why);
        }
        return texts;
    }

    /// Every file of the folder with its bytes, without SQLite's index of the write-ahead log.
    [[nodiscard]] std::map<std::string, std::string> files() const {
        std::map<std::string, std::string> files;
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
            if (!entry.path().string().ends_with("-shm"))
                files[entry.path().filename().string()] = read_file(entry.path());
        }
        return files;
    }

  private:
    TemporaryFolder folder_;
};

TEST_F(RustHistory, GivesEveryKindInTheOrderOfTheLog) {
    std::vector<std::string> expected;
    {
        RustDatabase database(file());
        for (std::uint64_t round = 1; round <= 3; ++round) {
            for (const auto kind : support::kObjectKinds) {
                database.add(base::row_of(kind).name, support::inner_payload(kind, round));
                expected.push_back(support::payload(kind, round));
            }
            database.add("Shutdown", "");
            expected.emplace_back("\"Shutdown\"");
        }
    }
    const auto history = open();
    EXPECT_EQ(history->size(), expected.size());
    EXPECT_EQ(texts_of(*history), expected);
    ASSERT_TRUE(history->rewind());
    EXPECT_EQ(texts_of(*history), expected) << "and once more from the beginning";
}

TEST_F(RustHistory, TellsWhatTheLogKnowsOfARow) {
    {
        RustDatabase database(file());
        database.add("Step", support::inner_payload(Kind::Step, 1), "casper", "1.4.13");
    }
    const auto items = rest_of(*open());
    ASSERT_EQ(items.size(), 1U);
    const auto& row = std::get<HistoryRow>(items.front());
    EXPECT_EQ(row.number, 1);
    EXPECT_EQ(row.kind, Kind::Step);
    EXPECT_EQ(row.network_name, "casper");
    EXPECT_EQ(row.api_version.to_string(), "1.4.13");
    EXPECT_EQ(row.source_address, "127.0.0.1");
    EXPECT_EQ(row.node_event_id, 1001U);
}

TEST_F(RustHistory, ReadsTheTablesOfTheFirstVersions) {
    {
        RustDatabase database(file(), RustDatabase::Version::First);
        database.add("Fault", support::payload(Kind::Fault, 1));
    }
    const auto items = rest_of(*open());
    ASSERT_EQ(items.size(), 1U);
    const auto& row = std::get<HistoryRow>(items.front());
    EXPECT_EQ(row.payload, support::payload(Kind::Fault, 1));
    EXPECT_FALSE(row.api_version.known());
    EXPECT_EQ(row.network_name, "");
}

TEST_F(RustHistory, RowsThatLieInAnotherOrderComeInThatOfTheirNumbers) {
    {
        RustDatabase database(file());
        for (std::uint64_t i = 1; i <= 4; ++i) database.add("Step", support::inner_payload(Kind::Step, i));
        database.execute("UPDATE Step SET event_log_id = 5 - event_log_id");
    }
    const auto history = open();
    EXPECT_THAT(texts_of(*history),
                ElementsAre(support::payload(Kind::Step, 4), support::payload(Kind::Step, 3),
                            support::payload(Kind::Step, 2), support::payload(Kind::Step, 1)));
}

TEST_F(RustHistory, ARowWithoutAPayloadIsAFaultAndTheOthersFollow) {
    {
        RustDatabase database(file());
        database.add("Step", support::inner_payload(Kind::Step, 1));
        database.add("Fault", support::inner_payload(Kind::Fault, 2));
        database.add("Step", support::inner_payload(Kind::Step, 3));
        database.execute("DELETE FROM Fault");
    }
    const auto texts = texts_of(*open());
    ASSERT_EQ(texts.size(), 3U);
    EXPECT_EQ(texts[1], "2: no payload is stored for it (Fault)");
    EXPECT_EQ(texts[2], support::payload(Kind::Step, 3));
}

TEST_F(RustHistory, APayloadWithoutItsRowOfTheLogIsNotLost) {
    {
        RustDatabase database(file());
        for (std::uint64_t i = 1; i <= 3; ++i) database.add("Step", support::inner_payload(Kind::Step, i));
        database.execute("DELETE FROM event_log WHERE event_log_id <> 2");
    }
    EXPECT_THAT(texts_of(*open()),
                ElementsAre(support::payload(Kind::Step, 1), support::payload(Kind::Step, 2),
                            support::payload(Kind::Step, 3)));
}

TEST_F(RustHistory, ATableThatAVersionDoesNotHaveIsNotMissed) {
    {
        RustDatabase database(file());
        database.add("Step", support::inner_payload(Kind::Step, 1));
        database.execute("DROP TABLE Shutdown; DROP TABLE Fault; DROP TABLE event_type");
    }
    EXPECT_THAT(texts_of(*open()), ElementsAre(support::payload(Kind::Step, 1)));
}

TEST_F(RustHistory, AltersNoByteOfADatabaseThatIsAtRest) {
    {
        RustDatabase database(file());
        database.add("Step", support::inner_payload(Kind::Step, 1));
    }
    const auto before = files();
    ASSERT_EQ(before.size(), 1U);
    EXPECT_EQ(texts_of(*open()).size(), 1U);
    EXPECT_EQ(files(), before);
}

TEST_F(RustHistory, ReadsWhatIsStillInTheWriteAheadLogAndLeavesItThere) {
    RustDatabase database(file());
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    database.add("Step", support::inner_payload(Kind::Step, 1));
    database.leave_unfinished();
    const auto before = files();
    ASSERT_EQ(before.count("sqlite_database.db3-wal"), 1U);
    ASSERT_FALSE(before.at("sqlite_database.db3-wal").empty());
    EXPECT_THAT(texts_of(*open()), ElementsAre(support::payload(Kind::Step, 1)));
    EXPECT_EQ(files(), before);
}

TEST_F(RustHistory, WhatARunningSidecarAddsMeanwhileIsNotAmongThem) {
    RustDatabase database(file());
    database.add("Step", support::inner_payload(Kind::Step, 1));
    const auto history = open();
    database.add("Step", support::inner_payload(Kind::Step, 2));
    EXPECT_EQ(texts_of(*history).size(), 1U);
    EXPECT_EQ(texts_of(*open()).size(), 2U);
}

TEST_F(RustHistory, AMissingFileIsRefusedAndNotMade) {
    EXPECT_THAT(refused().message, HasSubstr("there is no file"));
    EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(RustHistory, AnotherProgramsDatabaseIsRefused) {
    {
        const RustDatabase database(file());
        database.execute("DROP TABLE event_log");
    }
    EXPECT_THAT(refused().message, HasSubstr("no table event_log"));
    EXPECT_EQ(refused().category, base::Error::Category::Invalid);
}

TEST_F(RustHistory, ALogOfThisProgramIsRefused) {
    SqliteLog log;
    append_one(log.log(), block_added(1));
    log.close();
    std::filesystem::copy_file(log.file(), file());
    EXPECT_THAT(refused().message, HasSubstr("an event log of this program"));
}

TEST_F(RustHistory, ADamagedFileIsAnErrorNotTheEnd) {
    {
        RustDatabase database(file());
        for (std::uint64_t i = 1; i <= 400; ++i) database.add("Step", support::inner_payload(Kind::Step, i));
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    auto bytes = read_file(file());
    ASSERT_GT(bytes.size(), 40'000U);
    std::fill(bytes.begin() + 8192, bytes.end(), '\x5a');
    write_file(file(), bytes);
    EXPECT_EQ(refused().category, base::Error::Category::Corrupt);

    write_file(file(), std::string(5000, 'x'));
    EXPECT_EQ(refused().category, base::Error::Category::Corrupt);
}

}  // namespace

}  // namespace storage_test
