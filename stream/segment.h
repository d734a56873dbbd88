#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stream/frame.h"

namespace stream {

/// The checksums of a text that is appended to others.
struct TextSums {
    std::uint32_t crc = 0;        ///< CRC-32 (RFC 1952, section 8)
    std::uint32_t adler = 1;      ///< Adler-32 (RFC 1950, section 8.2)
    std::uint32_t size = 0;       ///< in bytes
    std::uint32_t crc_shift = 0;  ///< what the CRC of the text before is moved by
};

/// Frames one after the other, or a part of a large one, as deflate blocks (RFC 1951) that refer to nothing
/// before them and end at a whole byte: wherever they stand in a gzip or zlib stream, they can be read as
/// soon as they are there. Compressed once and shared by all subscribers. Immutable.
class Segment {
  public:
    /// What is in it.
    struct Extent {
        base::EventId first = 0;  ///< of the first frame in it
        base::EventId last = 0;   ///< of the last one
        std::size_t frames = 0;   ///< how many end in it
        std::size_t begin = 0;    ///< so many bytes of the first one stand before
        std::size_t cut = 0;      ///< more than 0: the last one goes on after so many of its bytes
        bool full = false;        ///< it would have been the same with more frames behind
    };

    Segment(const Extent& extent, const base::ApiVersion& version, const TextSums& sums,
            std::string_view blocks);

    [[nodiscard]] const Extent& extent() const { return extent_; }
    [[nodiscard]] const base::ApiVersion& version() const { return version_; }  ///< of each of its frames
    [[nodiscard]] const TextSums& sums() const { return sums_; }

    /// The blocks, as one chunk or as they are.
    [[nodiscard]] std::string_view wire(Framing framing) const;

    /// What it costs in memory.
    [[nodiscard]] std::size_t cost() const { return sizeof(Segment) + bytes_.capacity(); }

  private:
    Extent extent_;
    base::ApiVersion version_;
    TextSums sums_;
    std::size_t head_ = 0;
    std::string bytes_;
};
using SegmentPtr = std::shared_ptr<const Segment>;

/// Compresses frames. Has no memory of what it made; its zlib state (260 KB) is made with the first segment.
class SegmentMaker {
  public:
    static constexpr std::size_t kMostFrames = 64;                   ///< of one segment
    static constexpr std::size_t kMostText = std::size_t{64} << 10;  ///< of one segment, in bytes

    SegmentMaker();
    ~SegmentMaker();
    SegmentMaker(SegmentMaker&& other) noexcept;
    SegmentMaker& operator=(SegmentMaker&& other) noexcept;
    SegmentMaker(const SegmentMaker&) = delete;
    SegmentMaker& operator=(const SegmentMaker&) = delete;

    /// The segment that begins so many bytes into the first of these frames (there is one, and it has more).
    /// It ends before a frame of another version and where it becomes too large; of a frame that is too large
    /// by itself it is a part.
    [[nodiscard]] SegmentPtr make(std::span<const Frame* const> frames, std::size_t offset);

    /// All of these frames.
    [[nodiscard]] std::vector<SegmentPtr> make_all(std::span<const FramePtr> frames, std::size_t offset);

  private:
    class Deflater;

    std::unique_ptr<Deflater> deflater_;
};

}  // namespace stream
