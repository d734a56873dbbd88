#include "stream/stream_body.h"

#include <array>
#include <cstddef>
#include <zlib.h>

namespace stream {
namespace {

using net::ContentCoding;

// Deflate, no name, no time, made on no system in particular (RFC 1952, 2.3.1).
constexpr std::string_view kGzipHeader("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
// Deflate, a window of 32 KB, no dictionary (RFC 1950, 2.2).
constexpr std::string_view kZlibHeader("\x78\x5e", 2);
// An empty block of fixed codes that says it is the last.
constexpr std::string_view kLastBlock("\x03\0", 2);

std::string little_endian(std::uint32_t number, std::size_t bytes) {
    std::string out;
    for (; out.size() < bytes; number >>= 8) out.push_back(static_cast<char>(number));
    return out;
}

std::string big_endian(std::uint32_t number) {
    std::string out = little_endian(number, 4);
    return {out.rbegin(), out.rend()};
}

std::string stored_block(std::string_view text) {
    const auto size = static_cast<std::uint16_t>(text.size());
    std::string block(1, '\0');
    block += little_endian(size, 2);
    block += little_endian(static_cast<std::uint16_t>(~size), 2);
    return block.append(text);
}

}  // namespace

std::string StreamBody::begin() const {
    if (coding_ == ContentCoding::Gzip) return framed(kGzipHeader, framing_);
    if (coding_ == ContentCoding::Deflate) return framed(kZlibHeader, framing_);
    return {};
}

std::string StreamBody::text(std::string_view text) {
    if (!compressed()) return framed(text, framing_);
    const auto* const bytes = reinterpret_cast<const Bytef*>(text.data());
    crc_ = static_cast<std::uint32_t>(crc32_z(crc_, bytes, text.size()));
    adler_ = static_cast<std::uint32_t>(adler32_z(adler_, bytes, text.size()));
    size_ += static_cast<std::uint32_t>(text.size());
    return framed(stored_block(text), framing_);
}

void StreamBody::count(const Segment& segment) {
    const TextSums& sums = segment.sums();
    if (coding_ == ContentCoding::Gzip) {
        crc_ = static_cast<std::uint32_t>(crc32_combine_op(crc_, sums.crc, sums.crc_shift));
        size_ += sums.size;
    } else {
        adler_ = static_cast<std::uint32_t>(adler32_combine(adler_, sums.adler, sums.size));
    }
}

std::string StreamBody::end() const {
    const std::string last = framing_ == Framing::Chunked ? "0\r\n\r\n" : "";
    return compressed() ? framed(trailer(), framing_) + last : last;
}

std::string StreamBody::trailer() const {
    const std::string block(kLastBlock);
    if (coding_ == ContentCoding::Deflate) return block + big_endian(adler_);
    return block + little_endian(crc_, 4) + little_endian(size_, 4);
}

}  // namespace stream
