#include "transfer/import_lines.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

#include "support/memory_log.h"
#include "support/payloads.h"
#include "support/process.h"
#include "unit/transfer/never.h"

namespace transfer {
namespace {

using base::Kind;
using testing::HasSubstr;

std::string step(std::uint64_t number) {
    return support::payload(Kind::Step, number);
}
std::string with_id(std::uint64_t id, const std::string& payload) {
    return "{\"id\":" + std::to_string(id) + ",\"payload\":" + payload + "}";
}

class ImportLinesTest : public testing::Test {
  protected:
    base::Result<ImportEnd> run(const std::string& text, const Stop& stop = kNever) {
        const auto file = folder_.path() / "lines";
        support::write_file(file, text);
        const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
        LineReader lines(descriptor);
        Progress progress(Progress::Write{});
        auto end = import_lines(lines, text.size(), log_, importer_, progress, stop);
        EXPECT_TRUE(importer_.finish());
        ::close(descriptor);
        return end;
    }
    const ImportSummary& summary() const { return importer_.summary(); }

    support::TemporaryFolder folder_;
    support::MemoryLog log_;
    Importer importer_{log_, "casper-test", kNever};
};

TEST_F(ImportLinesTest, BothFormsMayStandInOneFile) {
    ASSERT_TRUE(run(step(1) + "\n\n" + with_id(2, step(2)) + "\r\n   \n" + step(3)));
    EXPECT_EQ(summary().stored(), 3U);
    EXPECT_EQ(summary().fault_count, 0U);
    EXPECT_EQ(log_.range().next, 4U);
}

TEST_F(ImportLinesTest, IdsBeginWhereTheFileDoes) {
    ASSERT_TRUE(run(with_id(500, step(1)) + "\n" + with_id(501, step(2)) + "\n"));
    EXPECT_EQ(log_.range().oldest, 500U);
    EXPECT_EQ(log_.range().newest(), 501U);
    EXPECT_FALSE(summary().renumbered);
}

TEST_F(ImportLinesTest, IdsOfAFileWithGapsCloseUp) {
    ASSERT_TRUE(run(with_id(500, step(1)) + "\n" + with_id(700, step(2)) + "\n"));
    EXPECT_EQ(log_.range().newest(), 501U);
    EXPECT_TRUE(summary().renumbered);
}

TEST_F(ImportLinesTest, IdsNeverBeginBelowThoseThatTheLogWouldGive) {
    ASSERT_TRUE(log_.begin_at(800));
    ASSERT_TRUE(run(with_id(500, step(1)) + "\n"));
    EXPECT_EQ(log_.range().oldest, 800U);
    EXPECT_TRUE(summary().renumbered);
}

TEST_F(ImportLinesTest, FaultsHaveTheNumberOfTheirLine) {
    ASSERT_TRUE(run(step(1) + "\n\n{\"Foo\":1}\n{\"id\":5}\n" + step(2) + "\n"));
    ASSERT_EQ(summary().faults.size(), 2U);
    EXPECT_EQ(summary().faults[0].place, 3U);
    EXPECT_EQ(summary().faults[1].place, 4U);
    EXPECT_EQ(summary().stored(), 2U);
}

TEST_F(ImportLinesTest, ACompressedFileIsRefusedWithWhatToDo) {
    const auto gzip = run("\x1f\x8b\x08 and so on\n");
    ASSERT_FALSE(gzip);
    EXPECT_THAT(gzip.error().message, HasSubstr("gzip -dc"));
    const auto zstd = run("\x28\xb5\x2f\xfd and so on\n");
    ASSERT_FALSE(zstd);
    EXPECT_THAT(zstd.error().message, HasSubstr("zstd -dc"));
}

TEST_F(ImportLinesTest, EndsWhenTheOperatorWantsIt) {
    int asked = 0;
    const auto end = run(step(1) + "\n" + step(2) + "\n" + step(3) + "\n", [&] { return ++asked > 2; });
    ASSERT_TRUE(end);
    EXPECT_EQ(*end, ImportEnd::Stopped);
    EXPECT_EQ(summary().stored(), 2U) << "what was read before is stored";
}

}  // namespace
}  // namespace transfer
