#include "sse_reader.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <stdexcept>

namespace perf {

std::size_t SseReader::read_head(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    if (!bytes.starts_with("HTTP/1.1 200"))
        throw std::runtime_error("the server answers: " + std::string(bytes.substr(0, bytes.find('\r'))));
    head_done_ = true;
    std::string head(bytes.substr(0, end));
    std::ranges::transform(head, head.begin(), [](unsigned char c) { return std::tolower(c); });
    chunked_ = head.find("\r\ntransfer-encoding: chunked") != std::string::npos;
    if (head.find("\r\ncontent-encoding: gzip") != std::string::npos) {
        if (!chunked_) throw std::runtime_error("gzip without chunks is not read here");
        gzip_ = std::make_unique<GzipText>();
    }
    return end + 4;
}

std::optional<SseReader::Chunk> SseReader::next_chunk(std::string_view bytes) {
    const auto line = bytes.find("\r\n");
    if (line == std::string_view::npos) return std::nullopt;
    std::size_t size = 0;
    const auto* const end = bytes.data() + line;
    if (const auto parsed = std::from_chars(bytes.data(), end, size, 16);
        parsed.ec != std::errc() || parsed.ptr != end)
        throw std::runtime_error("not a chunk's size: " + std::string(bytes.substr(0, line)));
    if (size == 0) throw std::runtime_error("the server ended the stream");
    const auto whole = line + 2 + size + 2;
    if (bytes.size() < whole) return std::nullopt;
    return Chunk{bytes.substr(line + 2, size), whole};
}

void SseReader::add_line(std::string_view line, SseFrame& frame) {
    const auto value = [&](std::size_t name) {
        auto rest = line.substr(name);
        if (rest.starts_with(' ')) rest.remove_prefix(1);
        return rest;
    };
    if (line.starts_with("data:")) frame.data = value(5);
    if (line.starts_with("id:")) frame.id = value(3);
}

std::optional<SseFrame> SseReader::only_frame(std::string_view text) {
    constexpr std::string_view kData = "data:";
    constexpr std::string_view kId = "\nid:";
    if (!text.starts_with(kData)) return std::nullopt;
    text.remove_suffix(2);
    const auto end = text.rfind('\n');
    if (end == std::string_view::npos || !text.substr(end).starts_with(kId)) return std::nullopt;
    return SseFrame{text.substr(kData.size(), end - kData.size()), text.substr(end + kId.size())};
}

}  // namespace perf
