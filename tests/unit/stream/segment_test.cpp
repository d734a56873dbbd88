#include "stream/segment.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <random>

#include "stream/stream_body.h"
#include "support/paths.h"
#include "unit/stream/inflater.h"
#include "unit/stream/signatures.h"

namespace stream {
namespace {

using net::ContentCoding;

FramePtr frame(base::EventId id, std::string_view payload, base::ApiVersion version = {1, 5, 6}) {
    return std::make_shared<const Frame>(id, base::Kind::FinalitySignature, base::Filter::Sigs, version,
                                         payload);
}

std::vector<FramePtr> signature_frames(std::size_t count, base::ApiVersion version = {1, 5, 6}) {
    Signatures signatures;
    std::vector<FramePtr> frames;
    for (base::EventId id = 1; id <= count; ++id) frames.push_back(frame(id, signatures.next(), version));
    return frames;
}

std::string text_of(std::span<const FramePtr> frames) {
    std::string text;
    for (const auto& each : frames) text += each->wire(Framing::UntilClose);
    return text;
}

/// What the segment says to who has seen nothing before it.
std::string text_of(const Segment& segment) {
    Inflater inflater(Inflater::Format::Raw);
    const std::string text = inflater.add(segment.wire(Framing::UntilClose));
    EXPECT_TRUE(inflater.sound());
    EXPECT_FALSE(inflater.ended()) << "more may follow";
    EXPECT_EQ(segment.sums().size, text.size());
    return text;
}

SegmentPtr made_of(const std::vector<FramePtr>& frames, std::size_t offset = 0) {
    std::vector<const Frame*> all;
    for (const auto& each : frames) all.push_back(each.get());
    return SegmentMaker().make(all, offset);
}

TEST(Segment, CanBeReadAloneAndAtOnce) {
    SegmentMaker maker;
    for (const auto& each : signature_frames(20)) {
        const Frame* const one = each.get();
        const auto segment = maker.make({&one, 1}, 0);
        EXPECT_EQ(text_of(*segment), one->wire(Framing::UntilClose));
        EXPECT_EQ(segment->extent().first, one->id());
        EXPECT_EQ(segment->extent().last, one->id());
        EXPECT_EQ(segment->extent().frames, 1U);
        EXPECT_EQ(segment->extent().cut, 0U);
    }
}

TEST(Segment, IsOneChunkOfBlocksThatDoNotEndTheStream) {
    const auto segment = made_of(signature_frames(3));
    const auto blocks = segment->wire(Framing::UntilClose);
    EXPECT_EQ(segment->wire(Framing::Chunked), fmt::format("{:x}\r\n{}\r\n", blocks.size(), blocks));
    EXPECT_TRUE(blocks.ends_with(std::string_view("\0\0\xff\xff", 4))) << "a full flush";
}

TEST(Segment, HasSoManyFramesAtMost) {
    const auto frames = signature_frames(SegmentMaker::kMostFrames + 1);
    const auto segment = made_of(frames);
    EXPECT_EQ(segment->extent().frames, SegmentMaker::kMostFrames);
    EXPECT_EQ(segment->extent().last, SegmentMaker::kMostFrames);
    EXPECT_TRUE(segment->extent().full);
    EXPECT_EQ(text_of(*segment), text_of(std::span(frames).first(SegmentMaker::kMostFrames)));
    EXPECT_FALSE(made_of(signature_frames(5))->extent().full);
}

TEST(Segment, EndsWhereItWouldBecomeTooLarge) {
    const std::string half(SegmentMaker::kMostText / 2, 'x');
    const auto segment = made_of({frame(4, "1"), frame(5, half), frame(9, half), frame(10, "2")});
    EXPECT_EQ(segment->extent().frames, 2U);
    EXPECT_EQ(segment->extent().last, 5U);
    EXPECT_TRUE(segment->extent().full);
}

TEST(Segment, EndsBeforeAnotherVersion) {
    const auto segment = made_of({frame(1, "1"), frame(2, "2"), frame(3, "3", {1, 5, 7})});
    EXPECT_EQ(segment->extent().frames, 2U);
    EXPECT_TRUE(segment->extent().full);
    EXPECT_EQ(segment->version(), (base::ApiVersion{1, 5, 6}));
}

TEST(Segment, IsAPartOfAFrameThatIsTooLargeByItself) {
    Signatures signatures;
    const auto large = frame(7, signatures.hex(5 * SegmentMaker::kMostText / 2));
    const auto first = made_of({large, frame(8, "after")});
    EXPECT_EQ(first->extent().frames, 0U);
    EXPECT_EQ(first->extent().last, 7U);
    EXPECT_EQ(first->extent().cut, SegmentMaker::kMostText);
    EXPECT_EQ(text_of(*first), large->wire(Framing::UntilClose).substr(0, SegmentMaker::kMostText));

    const auto second = made_of({large, frame(8, "after")}, first->extent().cut);
    EXPECT_EQ(second->extent().cut, 2 * SegmentMaker::kMostText);
    const auto third = made_of({large, frame(8, "after")}, second->extent().cut);
    EXPECT_EQ(third->extent().cut, 0U);
    EXPECT_EQ(third->extent().frames, 2U) << "what follows goes with the last part";
    EXPECT_EQ(text_of(*first) + text_of(*second) + text_of(*third),
              text_of(std::vector{large, frame(8, "after")}));
}

TEST(SegmentMaker, MakesAllOfAPageFromWhereverItIsReadOn) {
    Signatures signatures;
    std::vector<FramePtr> frames;
    for (base::EventId id = 1; id <= 300; ++id) {
        const base::ApiVersion version{1, 5, id < 100 ? 1U : 2U};
        frames.push_back(frame(id, id % 90 == 0 ? signatures.hex(200'000) : signatures.next(), version));
    }
    std::string text;
    base::EventId last = 0;
    for (const auto& segment : SegmentMaker().make_all(frames, 0)) {
        text += text_of(*segment);
        EXPECT_LE(segment->sums().size, SegmentMaker::kMostText);
        EXPECT_GE(segment->extent().first, last);
        last = segment->extent().last;
    }
    EXPECT_TRUE(text == text_of(frames));
    EXPECT_TRUE(SegmentMaker().make_all({}, 0).empty());

    const std::vector large{frames[89], frames[90]};
    std::string rest;
    for (const auto& segment : SegmentMaker().make_all(large, SegmentMaker::kMostText))
        rest += text_of(*segment);
    EXPECT_TRUE(rest == text_of(large).substr(SegmentMaker::kMostText));
}

// --- how small they are ---

/// Of the plain bytes, where so many frames come together; with the framing of the chunks.
double part_left(std::span<const FramePtr> frames, std::size_t together) {
    SegmentMaker maker;
    double plain = 0;
    double compressed = 0;
    for (std::size_t at = 0; at < frames.size(); at += together) {
        const auto part = frames.subspan(at, std::min(together, frames.size() - at));
        for (const auto& each : part) plain += static_cast<double>(each->wire(Framing::Chunked).size());
        for (const auto& segment : maker.make_all(part, 0))
            compressed += static_cast<double>(segment->wire(Framing::Chunked).size());
    }
    return compressed / plain;
}

TEST(Segment, IsMuchSmallerThanSignatures) {
    const auto frames = signature_frames(400);
    EXPECT_LT(part_left(frames, 1), 0.73) << "hex digits can be half, the rest is what they stand in";
    EXPECT_LT(part_left(frames, 4), 0.45);
}

TEST(Segment, IsMuchSmallerThanBlocksAndDeploysOfMainnet) {
    std::ifstream lines(support::captured_payloads() / "rpc_derived_mainnet.jsonl");
    if (!lines) GTEST_SKIP() << "no captured payloads here";
    std::vector<FramePtr> frames;
    for (std::string line; std::getline(lines, line);) {
        const bool main = line.starts_with("{\"BlockAdded\"") || line.starts_with("{\"DeployProcessed\"");
        if (main) frames.push_back(frame(frames.size() + 1, line));
    }
    EXPECT_LT(part_left(frames, 1), 0.30);
}

// --- the body that they are put together to ---

/// Text of one's own and segments in any order; what an inflater must say of it.
class BodyTest : public testing::TestWithParam<ContentCoding> {
  protected:
    [[nodiscard]] static Inflater::Format format() {
        return GetParam() == ContentCoding::Gzip ? Inflater::Format::Gzip : Inflater::Format::Zlib;
    }
};

TEST_P(BodyTest, ComesBackPartByPartWithItsChecksum) {
    std::mt19937 random(3);
    const auto frames = signature_frames(200);
    SegmentMaker maker;
    StreamBody body(GetParam(), Framing::UntilClose);
    Inflater inflater(format());
    std::string expected;
    inflater.add(body.begin());
    for (std::size_t at = 0; at < frames.size();) {
        if (random() % 3 == 0) {
            expected += ":\n\n";
            EXPECT_EQ(inflater.add(body.keep_alive()), expected);
        }
        if (random() % 3 == 0) {
            expected += api_version_text({1, 5, 7});
            EXPECT_EQ(inflater.add(body.text(api_version_text({1, 5, 7}))), expected);
        }
        const auto part = std::span(frames).subspan(at, std::min<std::size_t>(1 + random() % 9, 200 - at));
        at += part.size();
        expected += text_of(part);
        for (const auto& segment : maker.make_all(part, 0)) {
            inflater.add(segment->wire(Framing::UntilClose));
            body.count(*segment);
        }
        EXPECT_EQ(inflater.text(), expected) << "what is there can be read";
        EXPECT_FALSE(inflater.ended());
    }
    inflater.add(body.end());
    EXPECT_TRUE(inflater.ended()) << "zlib has compared the checksum and, for gzip, the size";
    EXPECT_TRUE(inflater.sound());
}

TEST_P(BodyTest, MayBeEmpty) {
    const StreamBody body(GetParam(), Framing::UntilClose);
    Inflater inflater(format());
    EXPECT_EQ(inflater.add(body.begin() + body.end()), "");
    EXPECT_TRUE(inflater.ended());
}

TEST_P(BodyTest, IsInChunks) {
    StreamBody body(GetParam(), Framing::Chunked);
    StreamBody plain(GetParam(), Framing::UntilClose);
    EXPECT_EQ(body.begin(), framed(plain.begin(), Framing::Chunked));
    EXPECT_EQ(body.keep_alive(), "8\r\n" + plain.keep_alive() + "\r\n");
    EXPECT_EQ(body.end(), framed(plain.end(), Framing::Chunked) + "0\r\n\r\n");
}

INSTANTIATE_TEST_SUITE_P(Codings, BodyTest, testing::Values(ContentCoding::Gzip, ContentCoding::Deflate),
                         [](const auto& coding) { return std::string(net::name_of(coding.param)); });

TEST(StreamBody, EndsGzipWithTheSizeModulo32Bits) {
    const auto segment = made_of({frame(1, std::string(60'000, 'x'))});
    StreamBody body(ContentCoding::Gzip, Framing::UntilClose);
    constexpr std::uint64_t kTimes = 80'000;
    for (std::uint64_t i = 0; i < kTimes; ++i) body.count(*segment);
    const auto size = static_cast<std::uint32_t>(kTimes * segment->sums().size);
    std::string expected;
    for (int shift = 0; shift < 32; shift += 8) expected.push_back(static_cast<char>(size >> shift));
    EXPECT_TRUE(body.end().ends_with(expected));
}

TEST(StreamBody, IsTheTextItselfForWhoDoesNotAsk) {
    StreamBody chunked(ContentCoding::Identity, Framing::Chunked);
    EXPECT_EQ(chunked.begin(), "");
    EXPECT_EQ(chunked.keep_alive(), "3\r\n:\n\n\r\n");
    EXPECT_EQ(chunked.end(), "0\r\n\r\n");
    EXPECT_FALSE(chunked.compressed());
    StreamBody until_close(ContentCoding::Identity, Framing::UntilClose);
    EXPECT_EQ(until_close.keep_alive(), ":\n\n");
    EXPECT_EQ(until_close.end(), "");
}

}  // namespace
}  // namespace stream
