#include "transfer/line_reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "support/process.h"

namespace transfer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Found = LineReader::Found;

class LineReaderTest : public testing::Test {
  protected:
    ~LineReaderTest() override {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    LineReader reader_of(const std::string& text, std::size_t longest = LineReader::kLongest) {
        support::write_file(folder_.path() / "lines", text);
        descriptor_ = ::open((folder_.path() / "lines").c_str(), O_RDONLY | O_CLOEXEC);
        EXPECT_GE(descriptor_, 0);
        return LineReader(descriptor_, longest);
    }

    /// The lines; "(too long)" for one that was passed over.
    static std::vector<std::string> rest_of(LineReader& reader) {
        std::vector<std::string> lines;
        std::string line;
        for (auto found = reader.next(line).value(); found != Found::End; found = reader.next(line).value())
            lines.push_back(found == Found::TooLong ? "(too long)" : line);
        return lines;
    }

  private:
    support::TemporaryFolder folder_;
    int descriptor_ = -1;
};

TEST_F(LineReaderTest, GivesTheLinesWithoutTheirEnds) {
    auto reader = reader_of("one\n\ntwo\r\n three \nfour");
    EXPECT_THAT(rest_of(reader), ElementsAre("one", "", "two", " three ", "four"));
    EXPECT_EQ(reader.number(), 5U);
    EXPECT_EQ(reader.bytes(), 22U);
}

TEST_F(LineReaderTest, AnEmptyFileHasNoLine) {
    auto reader = reader_of("");
    EXPECT_THAT(rest_of(reader), IsEmpty());
    EXPECT_EQ(reader.number(), 0U);
}

TEST_F(LineReaderTest, LinesMayBeLongerThanTheBlocksOfReading) {
    const std::string longer(1'000'000, 'a');
    const std::string block(256 * 1024 - 1, 'b');
    auto reader = reader_of(block + "\n" + longer + "\n" + "end\n");
    EXPECT_THAT(rest_of(reader), ElementsAre(block, longer, "end"));
}

TEST_F(LineReaderTest, ALineThatIsTooLongIsPassedOverAndCounted) {
    auto reader = reader_of("12345\n" + std::string(600'000, 'x') + "\n123456\n1234\n" + "1234567", 5);
    EXPECT_THAT(rest_of(reader), ElementsAre("12345", "(too long)", "(too long)", "1234", "(too long)"));
    EXPECT_EQ(reader.number(), 5U);
}

TEST_F(LineReaderTest, AFailureOfReadingIsAnError) {
    LineReader reader(-1);
    std::string line;
    const auto found = reader.next(line);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().category, base::Error::Category::Unavailable);
}

}  // namespace
}  // namespace transfer
