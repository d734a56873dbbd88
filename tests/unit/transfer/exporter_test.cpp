#include "transfer/exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "support/memory_log.h"
#include "support/payloads.h"
#include "support/process.h"
#include "transfer/importer.h"
#include "unit/transfer/never.h"

namespace transfer {
namespace {

using base::Kind;
using testing::HasSubstr;

class ExportTest : public testing::Test {
  protected:
    ExportTest() {
        Importer importer(log_, "casper-test", kNever);
        importer.begin_with({1, 5, 6});
        for (std::uint64_t i = 1; i <= 3; ++i) {
            for (const auto kind : {Kind::BlockAdded, Kind::Step}) add(importer, support::payload(kind, i));
        }
        add(importer, "\"Shutdown\"", base::Filter::Deploys);
        add(importer, "\"Shutdown\"", base::Filter::Sidecar);
        EXPECT_TRUE(importer.finish());
        EXPECT_EQ(log_.range().next, 9U);
    }

    base::Result<Exported> run(const ExportOptions& options, const std::string& path,
                               const Stop& stop = kNever) {
        auto output = OutputFile::open(path);
        if (!output) return output.error();
        Progress progress(Progress::Write{});
        return export_events(log_, options, *output, progress, stop);
    }

    std::string text_of(const ExportOptions& options) {
        const auto file = (folder_.path() / "out").string();
        const auto exported = run(options, file);
        EXPECT_TRUE(exported) << exported.error().message;
        return support::read_file(file);
    }

    support::TemporaryFolder folder_;
    support::MemoryLog log_;

  private:
    std::uint64_t place_ = 0;

    void add(Importer& importer, std::string payload, base::Filter source = base::Filter::Main) {
        place_ += 1;
        ASSERT_TRUE(importer.add({.place = place_, .payload = std::move(payload), .source = source}));
    }
};

TEST_F(ExportTest, WritesThePayloadsInTheOrderOfTheirIds) {
    std::string expected;
    for (std::uint64_t i = 1; i <= 3; ++i)
        expected += support::payload(Kind::BlockAdded, i) + "\n" + support::payload(Kind::Step, i) + "\n";
    EXPECT_EQ(text_of({}), expected + "\"Shutdown\"\n") << "the sidecar's own is not a node's";
}

TEST_F(ExportTest, WithIdsEveryEventIsThere) {
    const auto text = text_of({.from = 6, .form = LineForm::WithId});
    EXPECT_EQ(text,
              "{\"id\":6,\"api_version\":\"1.5.6\",\"payload\":" + support::payload(Kind::Step, 3) + "}\n" +
                  R"({"id":7,"api_version":"1.5.6","source":"events/deploys","payload":"Shutdown"})" + "\n" +
                  R"({"id":8,"api_version":"1.5.6","source":"events/sidecar","payload":"Shutdown"})" + "\n");
}

TEST_F(ExportTest, WritesTheRangeAndTheKindsThatAreAskedFor) {
    EXPECT_EQ(text_of({.from = 2, .to = 4}),
              support::payload(Kind::Step, 1) + "\n" + support::payload(Kind::BlockAdded, 2) + "\n");
    EXPECT_EQ(text_of({.from = 2, .kinds = {Kind::BlockAdded, Kind::Fault}}),
              support::payload(Kind::BlockAdded, 2) + "\n" + support::payload(Kind::BlockAdded, 3) + "\n");
    EXPECT_EQ(text_of({.from = 100}), "");
}

TEST_F(ExportTest, SaysHowManyItWroteAndWhichWasTheLast) {
    const auto exported = run({.kinds = {Kind::Step}}, (folder_.path() / "out").string());
    ASSERT_TRUE(exported);
    EXPECT_EQ(exported->events, 3U);
    EXPECT_EQ(exported->last, 6U);
    EXPECT_EQ(exported->end, Exported::End::Complete);
}

TEST_F(ExportTest, EndsWhenTheOperatorWantsIt) {
    const auto exported = run({}, (folder_.path() / "out").string(), [] { return true; });
    ASSERT_TRUE(exported);
    EXPECT_EQ(exported->end, Exported::End::Stopped);
    EXPECT_EQ(exported->last, 0U);
}

TEST_F(ExportTest, AFullDiskIsAnError) {
    const auto exported = run({}, "/dev/full");
    ASSERT_FALSE(exported);
    EXPECT_EQ(exported.error().category, base::Error::Category::Unavailable);
    EXPECT_THAT(exported.error().message, HasSubstr("/dev/full"));
    EXPECT_THAT(exported.error().message, HasSubstr("space"));
}

TEST_F(ExportTest, AFileThatCannotBeMadeIsAnError) {
    const auto exported = run({}, (folder_.path() / "missing" / "out").string());
    ASSERT_FALSE(exported);
    EXPECT_THAT(exported.error().message, HasSubstr("missing/out"));
}

TEST_F(ExportTest, ALogThatCannotBeReadIsAnError) {
    log_.reads_fail = true;
    const auto exported = run({}, (folder_.path() / "out").string());
    ASSERT_FALSE(exported);
    EXPECT_THAT(exported.error().message, HasSubstr("the disk is gone"));
}

}  // namespace
}  // namespace transfer
