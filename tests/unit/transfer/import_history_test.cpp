#include "transfer/import_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "support/memory_log.h"
#include "support/payloads.h"
#include "unit/transfer/never.h"

namespace transfer {
namespace {

using base::Kind;
using storage::HistoryFault;
using storage::HistoryItem;
using storage::HistoryRow;
using testing::HasSubstr;

class FakeHistory final : public storage::HistorySource {
  public:
    std::vector<HistoryItem> items;
    bool fails_at_the_end = false;

    void add(std::string payload, std::string network = {}) {
        HistoryRow row;
        row.number = static_cast<std::int64_t>(items.size()) + 1;
        row.payload = std::move(payload);
        row.network_name = std::move(network);
        row.source_address = "127.0.0.1";
        items.emplace_back(std::move(row));
    }

    std::uint64_t size() const override { return items.size(); }
    base::Result<std::optional<HistoryItem>> next() override {
        if (at_ < items.size()) return std::optional(items[at_++]);
        if (fails_at_the_end) return base::corrupt("the file is damaged");
        return std::optional<HistoryItem>();
    }
    base::Result<void> rewind() override {
        at_ = 0;
        return {};
    }

  private:
    std::size_t at_ = 0;
};

class ImportHistoryTest : public testing::Test {
  protected:
    base::Result<std::optional<Survey>> look(const Stop& stop = kNever) {
        Progress progress(Progress::Write{});
        return survey(history_, "casper-test", progress, stop);
    }

    /// As the command does it; the next live id.
    base::EventId import_behind(base::EventId old_next) {
        const auto found = look();
        EXPECT_TRUE(found && *found);
        EXPECT_TRUE(log_.begin_at(first_id(**found, old_next)));
        Progress progress(Progress::Write{});
        EXPECT_TRUE(import_history(history_, importer_, progress, kNever));
        EXPECT_TRUE(importer_.finish());
        return log_.range().next;
    }

    FakeHistory history_;
    support::MemoryLog log_;
    Importer importer_{log_, "casper-test", kNever};
};

TEST_F(ImportHistoryTest, EndsJustAboveTheOldIndex) {
    for (std::uint64_t i = 1; i <= 100; ++i) history_.add(support::payload(Kind::Step, i));
    EXPECT_EQ(import_behind(5000), 5001U);
    EXPECT_EQ(log_.range().oldest, 4901U);
    EXPECT_EQ(importer_.summary().stored(), 100U);
}

TEST_F(ImportHistoryTest, BeginsAtOneWhenThereAreMoreRowsThanOldIds) {
    for (std::uint64_t i = 1; i <= 100; ++i) history_.add(support::payload(Kind::Step, i));
    EXPECT_EQ(import_behind(1), 101U);
    EXPECT_EQ(log_.range().oldest, 1U);
}

TEST_F(ImportHistoryTest, WhatIsNotStoredDoesNotPullTheIdsBelowTheOldIndex) {
    for (std::uint64_t i = 1; i <= 100; ++i) {
        history_.add(support::payload(Kind::Step, i));
        history_.add(support::payload(Kind::Step, i));
        history_.add("nonsense");
        history_.items.emplace_back(
            HistoryFault{static_cast<std::int64_t>(history_.items.size()) + 1, "gone"});
        history_.add("\"Shutdown\"");
    }
    EXPECT_EQ(import_behind(5000), 5001U);
    EXPECT_EQ(importer_.summary().stored(), 200U);
    EXPECT_EQ(importer_.summary().duplicates, 100U);
    EXPECT_EQ(importer_.summary().fault_count, 200U);
    EXPECT_EQ(importer_.summary().faults.front().place, 3U);
}

TEST_F(ImportHistoryTest, AnotherNetworkIsRefusedBeforeAnythingIsStored) {
    history_.add(support::payload(Kind::Step, 1), "casper-test");
    history_.add(support::payload(Kind::Step, 2), "casper");
    const auto found = look();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().category, base::Error::Category::Invalid);
    EXPECT_THAT(found.error().message, HasSubstr("row 2 is of the network casper, not of casper-test"));
}

TEST_F(ImportHistoryTest, ADamagedDatabaseIsFoundBeforeAnythingIsStored) {
    history_.add(support::payload(Kind::Step, 1));
    history_.fails_at_the_end = true;
    const auto found = look();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().category, base::Error::Category::Corrupt);
}

TEST_F(ImportHistoryTest, EndsWhenTheOperatorWantsIt) {
    history_.add(support::payload(Kind::Step, 1));
    const auto found = look([] { return true; });
    ASSERT_TRUE(found);
    EXPECT_FALSE(*found);
    Progress progress(Progress::Write{});
    const auto end = import_history(history_, importer_, progress, [] { return true; });
    ASSERT_TRUE(end);
    EXPECT_EQ(*end, ImportEnd::Stopped);
}

}  // namespace
}  // namespace transfer
