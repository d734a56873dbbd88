#include "stream/frame.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <vector>

namespace stream {
namespace {

Frame block_frame(base::EventId id, std::string_view payload) {
    return {id, base::Kind::BlockAdded, base::Filter::Main, {1, 5, 6}, payload};
}

TEST(Frame, IsDataThenIdAndAnEmptyLine) {
    EXPECT_EQ(block_frame(7, R"({"a":1})").wire(Framing::UntilClose), "data:{\"a\":1}\nid:7\n\n");
}

TEST(Frame, IsOneChunkWhoseSizeIsRight) {
    EXPECT_EQ(block_frame(7, R"({"a":1})").wire(Framing::Chunked), "13\r\ndata:{\"a\":1}\nid:7\n\n\r\n");
    const std::string payload(30'000'000, 'x');
    const auto large = block_frame(base::kMaxEventId, payload);
    const auto plain = large.wire(Framing::UntilClose);
    EXPECT_EQ(large.wire(Framing::Chunked).substr(0, 9), fmt::format("{:x}\r\n", plain.size()));
    EXPECT_EQ(plain, fmt::format("data:{}\nid:9007199254740991\n\n", payload));
}

TEST(Frame, APayloadOfSeveralLinesHasADataFieldForEach) {
    EXPECT_EQ(block_frame(1, "a\nb\n").wire(Framing::UntilClose), "data:a\ndata:b\ndata:\nid:1\n\n");
    EXPECT_EQ(block_frame(1, "a\nb").wire(Framing::Chunked), "14\r\ndata:a\ndata:b\nid:1\n\n\r\n");
    EXPECT_EQ(block_frame(1, "").wire(Framing::UntilClose), "data:\nid:1\n\n");
}

TEST(Frame, KeepsByWhatItIsChosenBesideWhatIsSent) {
    const std::vector<std::uint8_t> hash(32, 7);
    for (const std::size_t key_size : {33U, 34U}) {
        const std::vector<std::uint8_t> key(key_size, 9);
        const base::EventTraits traits{
            .era = 0, .account = base::AccountBytes(key), .deploy_hash = base::HashBytes(hash)};
        const Frame with(7, base::Kind::DeployProcessed, base::Filter::Main, {1, 5, 6}, "{}", traits);
        EXPECT_EQ(with.traits(), traits);
        for (const auto framing : {Framing::Chunked, Framing::UntilClose}) {
            EXPECT_EQ(with.wire(framing), block_frame(7, "{}").wire(framing));
        }
        EXPECT_LE(with.cost(), block_frame(7, "{}").cost() + 100);
    }
    EXPECT_EQ(block_frame(7, "{}").traits(), base::EventTraits{});
}

TEST(Frame, OthersHaveNoId) {
    EXPECT_EQ(api_version_text({1, 5, 6}), "data:{\"ApiVersion\":\"1.5.6\"}\n\n");
    EXPECT_EQ(sidecar_version_text("1.2.3"), "data:{\"SidecarVersion\":\"1.2.3\"}\n\n");
}

TEST(Framed, IsAChunkOrTheTextItself) {
    EXPECT_EQ(framed(":\n\n", Framing::Chunked), "3\r\n:\n\n\r\n");
    EXPECT_EQ(framed(":\n\n", Framing::UntilClose), ":\n\n");
}

}  // namespace
}  // namespace stream
