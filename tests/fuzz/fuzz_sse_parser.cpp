// Any split of a stream must give the same events as the whole, and as a naive parser that works line by
// line.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/sse_parser.h"

namespace {

using upstream::SseEvent;
using upstream::SseParser;

constexpr std::size_t kLimit = 64;
constexpr std::size_t kLongestId = 256;

/// CR, LF and CRLF each end a line; what follows the last line end is none.
std::vector<std::string> complete_lines(std::string_view text) {
    std::vector<std::string> lines;
    std::string line;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
        if (text[i] == '\r' || text[i] == '\n') {
            lines.push_back(line);
            line.clear();
        } else {
            line += text[i];
        }
    }
    return lines;
}

std::vector<SseEvent> parse_naively(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::vector<SseEvent> events;
    std::vector<std::string> data;
    std::optional<std::string> id;
    bool long_id = false;
    for (const auto& line : complete_lines(text)) {
        if (line.empty()) {
            SseEvent event;
            for (std::size_t i = 0; i < data.size(); ++i) event.data += (i > 0 ? "\n" : "") + data[i];
            event.id = id;
            event.oversized = long_id || event.data.size() > kLimit;
            if (event.oversized) event.data.clear();
            if (!data.empty()) events.push_back(event);
            data.clear();
            id.reset();
            long_id = false;
            continue;
        }
        const auto colon = line.find(':');
        const auto name = line.substr(0, colon);
        auto value = colon == std::string::npos ? "" : line.substr(colon + 1);
        if (value.starts_with(' ')) value.erase(0, 1);
        if (name == "data") data.push_back(value);
        if (name != "id") continue;
        if (value.size() > kLongestId) {
            long_id = true;
            id = "?";
        } else if (value.find('\0') == std::string::npos) {
            id = value;
        }
    }
    return events;
}

void require_same(const std::vector<SseEvent>& left, const std::vector<SseEvent>& right) {
    if (left.size() != right.size()) std::abort();
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (left[i].oversized != right[i].oversized || left[i].data != right[i].data) std::abort();
        // What is left of an id that was too long is nobody's concern.
        if (!left[i].oversized && left[i].id != right[i].id) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view text(reinterpret_cast<const char*>(bytes + 2), size - 2);

    std::vector<SseEvent> whole;
    SseParser(kLimit).feed(text, whole);
    require_same(whole, parse_naively(text));

    // Pieces of changing sizes, steered by the first two bytes.
    std::vector<SseEvent> split;
    SseParser parser(kLimit);
    std::size_t step = 1 + bytes[0] % 16;
    for (std::size_t at = 0; at < text.size(); at += step, step = 1 + (step * 7 + bytes[1]) % 24) {
        parser.feed(text.substr(at, step), split);
    }
    require_same(whole, split);

    std::vector<SseEvent> bytewise;
    SseParser slow(kLimit);
    for (std::size_t i = 0; i < text.size(); ++i) slow.feed(text.substr(i, 1), bytewise);
    require_same(whole, bytewise);
    return 0;
}
