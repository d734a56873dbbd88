#include "upstream/sse_parser.h"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace upstream {
namespace {

using namespace std::string_literals;

constexpr std::size_t kNoLimit = std::size_t{1} << 20;

/// "data|id" for each event, without "|id" where it has none; "!" in front of an oversized one.
std::vector<std::string> describe(const std::vector<SseEvent>& events) {
    std::vector<std::string> texts;
    for (const auto& event : events) {
        texts.push_back((event.oversized ? "!" : "") + event.data + (event.id ? "|" + *event.id : ""));
    }
    return texts;
}

std::vector<std::string> parse(const std::vector<std::string_view>& pieces, std::size_t limit = kNoLimit) {
    SseParser parser(limit);
    std::vector<SseEvent> events;
    for (const auto piece : pieces) parser.feed(piece, events);
    return describe(events);
}

std::vector<std::string> parse(std::string_view text, std::size_t limit = kNoLimit) {
    return parse(std::vector<std::string_view>{text}, limit);
}

std::string with_line_ends(std::string text, std::string_view line_end) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') {
            out += line_end;
        } else {
            out += c;
        }
    }
    return out;
}

using Texts = std::vector<std::string>;

TEST(SseParser, ReadsANodesStream) {
    EXPECT_EQ(
        parse("data:{\"ApiVersion\":\"1.5.6\"}\n\ndata:{\"A\":1}\nid:7\n\n:\n\ndata:\"Shutdown\"\nid:8\n\n"),
        (Texts{"{\"ApiVersion\":\"1.5.6\"}", "{\"A\":1}|7", "\"Shutdown\"|8"}));
}

TEST(SseParser, ExamplesOfTheStandard) {
    EXPECT_EQ(parse("data: YHOO\ndata: +2\ndata: 10\n\n"), Texts{"YHOO\n+2\n10"});
    EXPECT_EQ(
        parse(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"),
        (Texts{"first event|1", "second event|", " third event"}));
    EXPECT_EQ(parse("data\n\ndata\ndata\n\ndata:"), (Texts{"", "\n"}));
    EXPECT_EQ(parse("data:test\n\ndata: test\n\n"), (Texts{"test", "test"}));
}

TEST(SseParser, EveryLineEndAtEverySplit) {
    const std::string sample =
        ":c\n\ndata: one\ndata: two\nid: 5\n\nevent: x\ndata:three\nretry: 3\n\nid:6\ndata\n\nid:7\n\n";
    const Texts expected{"one\ntwo|5", "three", "|6"};
    for (const std::string_view line_end : {"\n", "\r", "\r\n"}) {
        for (const std::string_view mark : {"", "\xEF\xBB\xBF"}) {
            const std::string text = std::string(mark) + with_line_ends(sample, line_end);
            ASSERT_EQ(parse(text), expected);
            for (std::size_t i = 0; i <= text.size(); ++i) {
                for (std::size_t j = i; j <= text.size(); ++j) {
                    const std::string_view view = text;
                    ASSERT_EQ(parse({view.substr(0, i), view.substr(i, j - i), view.substr(j)}), expected)
                        << i << ' ' << j;
                }
            }
        }
    }
}

TEST(SseParser, MixedLineEnds) {
    EXPECT_EQ(parse("data:a\r\ndata:b\rdata:c\n\r\r\n"), Texts{"a\nb\nc"});
}

TEST(SseParser, AMarkCountsOnlyOnceAndOnlyAtTheStart) {
    EXPECT_EQ(parse("\xEF\xBB\xBF"
                    "data:a\n\n"),
              Texts{"a"});
    EXPECT_EQ(parse("\xEF\xBB\xBF\xEF\xBB\xBF"
                    "data:a\n\n"),
              Texts{});
    EXPECT_EQ(parse("data:a\n\n\xEF\xBB\xBF"
                    "data:b\n\n"),
              Texts{"a"});
    EXPECT_EQ(parse("\xEF\xBB"
                    "data:a\n\ndata:b\n\n"),
              Texts{"b"});
}

TEST(SseParser, OnlyOneSpaceIsStripped) {
    EXPECT_EQ(parse("data:   a \n\n"), Texts{"  a "});
}

TEST(SseParser, OtherFieldsAndWrongCaseAreIgnored) {
    EXPECT_EQ(parse("datax:1\nData:2\n data:3\ndat:4\nda\nfoo\nfoo:bar:baz\ndata:5\n\n"), Texts{"5"});
}

TEST(SseParser, AnIdWithNulIsIgnored) {
    EXPECT_EQ(parse("data:a\nid:1\nid:2\0\n\n"s), Texts{"a|1"});
    EXPECT_EQ(parse("data:a\nid:\0\n\n"s), Texts{"a"});
}

TEST(SseParser, AnIdBelongsToItsBlockOnly) {
    EXPECT_EQ(parse("id:1\n\ndata:a\n\nid:2\ndata:b\n\ndata:c\n\n"), (Texts{"a", "b|2", "c"}));
}

TEST(SseParser, AnIncompleteEventIsDiscarded) {
    EXPECT_EQ(parse("data:a\n\ndata:b\nid:2\n"), Texts{"a"});
    EXPECT_EQ(parse("data:a"), Texts{});
}

TEST(SseParser, CountsComments) {
    SseParser parser(kNoLimit);
    std::vector<SseEvent> events;
    for (const std::string_view piece : {":", "\n\n", ":x\n", "data:1\n", ":\r", "\n", "\n"})
        parser.feed(piece, events);
    EXPECT_EQ(parser.comments(), 3U);
    EXPECT_EQ(describe(events), Texts{"1"});
}

TEST(SseParser, AnOversizedEventIsSkippedAndReported) {
    const std::string text =
        "data:12345\nid:1\n\ndata:123456\nid:2\n\ndata:123\ndata:45\nid:3\n\ndata:ok\nid:4\n\n";
    const Texts expected{"12345|1", "!|2", "!|3", "ok|4"};
    EXPECT_EQ(parse(text, 5), expected);
    for (std::size_t i = 0; i <= text.size(); ++i) {
        ASSERT_EQ(parse({std::string_view(text).substr(0, i), std::string_view(text).substr(i)}, 5), expected)
            << i;
    }
}

TEST(SseParser, AnIdWithoutEndIsOversized) {
    EXPECT_EQ(parse("data:a\nid:" + std::string(300, '1') + "\n\ndata:b\n\n").front().front(), '!');
}

TEST(SseParser, LargeEventsCostLittleMoreThanTheirSize) {
    constexpr std::size_t kSize = std::size_t{30} << 20;
    SseParser parser(kSize);
    std::vector<SseEvent> events;
    const std::string piece(64 * 1024, 'x');
    parser.feed("data:", events);
    for (std::size_t sent = 0; sent < kSize; sent += piece.size()) parser.feed(piece, events);
    parser.feed("\nid:1\n\ndata:small\n\n", events);

    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].data.size(), kSize);
    EXPECT_LE(events[0].data.capacity(), 2 * kSize + kPayloadPadding);
    EXPECT_LE(events[1].data.capacity(), 1024U) << "the large buffer was kept";
}

TEST(SseParser, LeavesRoomBehindEveryPayload) {
    SseParser parser(kNoLimit);
    std::vector<SseEvent> events;
    for (const std::string_view piece : {"data\n\ndata:12", "3\n\ndata:1\ndata:2\n\n"})
        parser.feed(piece, events);
    ASSERT_EQ(events.size(), 3U);
    for (const auto& event : events) EXPECT_GE(event.data.capacity() - event.data.size(), kPayloadPadding);
}

}  // namespace
}  // namespace upstream
