#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/content_coding.h"
#include "stream/frame.h"
#include "stream/segment.h"

namespace stream {

/// How the text of one stream becomes the body of its response: as it is, or in the gzip (RFC 1952) or zlib
/// format (RFC 1950; "deflate" in HTTP); in chunks or until close. The parts are sent in the order in which
/// they are asked for, segments in the order in which they are counted.
class StreamBody {
  public:
    StreamBody(net::ContentCoding coding, Framing framing) : coding_(coding), framing_(framing) {}

    /// Whether it is made of segments, instead of frames.
    [[nodiscard]] bool compressed() const { return coding_ != net::ContentCoding::Identity; }
    [[nodiscard]] Framing framing() const { return framing_; }

    /// What stands before everything.
    [[nodiscard]] std::string begin() const;

    /// Text that this stream alone gets, fewer than 64 KB; of a compressed one a stored block (RFC
    /// 1951, 3.2.4), which costs 5 bytes and no time.
    [[nodiscard]] std::string text(std::string_view text);
    [[nodiscard]] std::string keep_alive() { return text(":\n\n"); }

    /// A whole segment was sent.
    void count(const Segment& segment);

    /// What ends it properly: of a compressed one the last block and the checksum of all text.
    [[nodiscard]] std::string end() const;

  private:
    [[nodiscard]] std::string trailer() const;

    const net::ContentCoding coding_;
    const Framing framing_;
    std::uint32_t crc_ = 0;    ///< gzip: CRC-32 of all text
    std::uint32_t adler_ = 1;  ///< zlib: Adler-32 of it
    std::uint32_t size_ = 0;   ///< gzip: modulo 2^32
};

}  // namespace stream
