#include "transfer/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "support/memory_log.h"
#include "support/payloads.h"
#include "unit/transfer/never.h"

namespace transfer {
namespace {

using base::Kind;
using testing::HasSubstr;

class ImporterTest : public testing::Test {
  protected:
    void add(ImportedEvent event) {
        event.place = ++place_;
        const auto added = importer_.add(std::move(event));
        ASSERT_TRUE(added) << added.error().message;
    }
    void add_line(std::string payload) { add({.payload = std::move(payload)}); }
    void finish() { ASSERT_TRUE(importer_.finish()); }
    std::uint64_t stored(Kind kind) const {
        return importer_.summary().events[static_cast<std::size_t>(kind)];
    }
    std::vector<storage::StoredEvent> events() const {
        return log_.read({.max_events = 10'000, .max_bytes = 1U << 30U}).value().events;
    }

    support::MemoryLog log_;
    Importer importer_{log_, "casper-test", kNever};

  private:
    std::uint64_t place_ = 0;
};

TEST_F(ImporterTest, StoresEveryKindByteForByte) {
    for (const auto kind : support::kObjectKinds) add_line(support::payload(kind, 1));
    add_line("\"Shutdown\"");
    finish();
    const auto stored_events = events();
    ASSERT_EQ(stored_events.size(), 8U);
    for (std::size_t i = 0; i < support::kObjectKinds.size(); ++i) {
        EXPECT_EQ(stored_events[i].payload, support::payload(support::kObjectKinds[i], 1));
        EXPECT_EQ(stored_events[i].filter, base::row_of(support::kObjectKinds[i]).filter);
        EXPECT_EQ(stored(support::kObjectKinds[i]), 1U);
    }
    EXPECT_EQ(importer_.summary().stored(), 8U);
    EXPECT_EQ(importer_.summary().fault_count, 0U);
}

TEST_F(ImporterTest, DuplicatesAreCountedAndLeftOut) {
    add_line(support::payload(Kind::Step, 1));
    add_line(support::payload(Kind::Step, 1));
    finish();
    add_line(support::payload(Kind::Step, 1));
    finish();
    EXPECT_EQ(importer_.summary().stored(), 1U);
    EXPECT_EQ(importer_.summary().duplicates, 2U);
    EXPECT_EQ(events().size(), 1U);
}

TEST_F(ImporterTest, EveryShutdownIsAnEventOfItsOwn) {
    add({.payload = "\"Shutdown\"", .source = base::Filter::Main});
    add({.payload = "\"Shutdown\"", .source = base::Filter::Sigs});
    add({.payload = "\"Shutdown\"", .source = base::Filter::Sigs});
    finish();
    EXPECT_EQ(stored(Kind::Shutdown), 3U);
    EXPECT_EQ(events()[1].filter, base::Filter::Sigs);
}

TEST_F(ImporterTest, WhatIsNoEventIsCountedWithItsPlaceAndTheRestGoesOn) {
    add_line(support::payload(Kind::Step, 1));
    add_line("{\"Foo\":1}");
    add_line("nonsense");
    add_line(R"({"Step":{}})");
    add_line(support::payload(Kind::Step, 2));
    finish();
    const auto& summary = importer_.summary();
    EXPECT_EQ(summary.stored(), 2U);
    ASSERT_EQ(summary.fault_count, 3U);
    ASSERT_EQ(summary.faults.size(), 3U);
    EXPECT_EQ(summary.faults[0].place, 2U);
    EXPECT_EQ(summary.faults[0].why, "unknown kind \"Foo\"");
    EXPECT_THAT(summary.faults[1].why, HasSubstr("not the JSON of an event"));
    EXPECT_THAT(summary.faults[2].why, HasSubstr("Step without a usable era_id"));
}

TEST_F(ImporterTest, FaultsAreCountedBeyondThoseThatAreNamed) {
    for (std::size_t i = 0; i < 3 * ImportSummary::kMostFaults; ++i) add_line("nonsense");
    EXPECT_EQ(importer_.summary().fault_count, 3 * ImportSummary::kMostFaults);
    EXPECT_EQ(importer_.summary().faults.size(), ImportSummary::kMostFaults);
}

TEST_F(ImporterTest, EventsCarryTheVersionThatCameWithThemOrBefore) {
    importer_.begin_with({1, 4, 0});
    add_line(support::payload(Kind::Step, 1));
    add({.payload = support::payload(Kind::Step, 2), .api_version = {1, 5, 6}});
    add({.payload = support::payload(Kind::Step, 3), .api_version = {1, 4, 13}});
    add_line(R"({"ApiVersion":"1.5.8"})");
    add_line(support::payload(Kind::Step, 4));
    finish();
    const auto stored_events = events();
    ASSERT_EQ(stored_events.size(), 4U);
    EXPECT_EQ(stored_events[0].api_version.to_string(), "1.4.0");
    EXPECT_EQ(stored_events[1].api_version.to_string(), "1.5.6");
    EXPECT_EQ(stored_events[2].api_version.to_string(), "1.5.6") << "it never goes down";
    EXPECT_EQ(stored_events[3].api_version.to_string(), "1.5.8");
    EXPECT_EQ(importer_.summary().stored(), 4U);
}

TEST_F(ImporterTest, SaysWhetherIdsChanged) {
    add({.payload = support::payload(Kind::Step, 1), .id = 1});
    finish();
    EXPECT_FALSE(importer_.summary().renumbered);
    add({.payload = support::payload(Kind::Step, 2), .id = 5});
    finish();
    EXPECT_TRUE(importer_.summary().renumbered);
}

TEST_F(ImporterTest, ManyEventsAreStoredAsTheyCome) {
    for (std::uint64_t i = 0; i < 2 * Importer::kBatchEvents; ++i) add_line(support::payload(Kind::Step, i));
    EXPECT_EQ(events().size(), 2 * Importer::kBatchEvents) << "before finish()";
}

TEST_F(ImporterTest, LargePayloadsAreStagedInTheirTurn) {
    const auto large = "{\"Step\":{\"era_id\":2,\"x\":\"" + std::string(storage::kLargePayload, 'x') + "\"}}";
    add_line(support::payload(Kind::Step, 1));
    add_line(large);
    add_line(support::payload(Kind::Step, 3));
    finish();
    const auto stored_events = events();
    ASSERT_EQ(stored_events.size(), 3U);
    EXPECT_EQ(stored_events[1].payload, large);
    EXPECT_EQ(stored_events[2].payload, support::payload(Kind::Step, 3));
}

TEST_F(ImporterTest, AFailureOfTheLogIsAnError) {
    add_line(support::payload(Kind::Step, 1));
    log_.appends_fail = true;
    const auto finished = importer_.finish();
    ASSERT_FALSE(finished);
    EXPECT_THAT(finished.error().message, HasSubstr("the disk is full"));
    EXPECT_EQ(importer_.summary().stored(), 0U);
}

}  // namespace
}  // namespace transfer
