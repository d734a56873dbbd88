#include "stream/segment.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <new>
#include <zlib.h>

namespace stream {
namespace {

// What makes the fewest bytes of Casper's events within some 10 us each (perf/compression_bench): matches of
// a few hex digits cost more than the digits, which Z_FILTERED knows; beyond level 5 only wasm shrinks on.
constexpr int kLevel = 5;
constexpr int kStrategy = Z_FILTERED;
constexpr int kRawWindow = -15;  // no header, no trailer
constexpr int kMemory = 8;
constexpr std::size_t kFlushRoom = 64;

const Bytef* bytes_of(std::string_view text) {
    return reinterpret_cast<const Bytef*>(text.data());
}

TextSums sums_of(std::span<const std::string_view> parts) {
    TextSums sums;
    for (const auto part : parts) {
        sums.crc = static_cast<std::uint32_t>(crc32_z(sums.crc, bytes_of(part), part.size()));
        sums.adler = static_cast<std::uint32_t>(adler32_z(sums.adler, bytes_of(part), part.size()));
        sums.size += static_cast<std::uint32_t>(part.size());
    }
    sums.crc_shift = static_cast<std::uint32_t>(crc32_combine_gen(static_cast<z_off_t>(sums.size)));
    return sums;
}

}  // namespace

Segment::Segment(const Extent& extent, const base::ApiVersion& version, const TextSums& sums,
                 std::string_view blocks)
    : extent_(extent), version_(version), sums_(sums) {
    bytes_.reserve(blocks.size() + 16);
    fmt::format_to(std::back_inserter(bytes_), "{:x}\r\n", blocks.size());
    head_ = bytes_.size();
    bytes_.append(blocks).append("\r\n");
}

std::string_view Segment::wire(Framing framing) const {
    constexpr std::size_t kChunkEnd = 2;  // CR LF
    const std::string_view all = bytes_;
    return framing == Framing::Chunked ? all : all.substr(head_, all.size() - head_ - kChunkEnd);
}

/// Makes blocks that refer to nothing before them.
class SegmentMaker::Deflater {
  public:
    Deflater() {
        if (deflateInit2(&stream_, kLevel, Z_DEFLATED, kRawWindow, kMemory, kStrategy) != Z_OK)
            throw std::bad_alloc();
        room_.resize(deflateBound(&stream_, kMostText) + kFlushRoom);
    }
    ~Deflater() { deflateEnd(&stream_); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    /// Valid until the next call.
    [[nodiscard]] std::string_view blocks_of(std::span<const std::string_view> parts) {
        deflateReset(&stream_);
        size_ = 0;
        for (const auto part : parts) add(part, Z_NO_FLUSH);
        add({}, Z_SYNC_FLUSH);
        return std::string_view(room_).substr(0, size_);
    }

  private:
    void add(std::string_view part, int flush) {
        // zlib does not write to its input.
        stream_.next_in = const_cast<Bytef*>(bytes_of(part));
        stream_.avail_in = static_cast<uInt>(part.size());
        do {
            if (size_ == room_.size()) room_.resize(2 * room_.size());
            stream_.next_out = reinterpret_cast<Bytef*>(room_.data() + size_);
            stream_.avail_out = static_cast<uInt>(room_.size() - size_);
            deflate(&stream_, flush);
            size_ = room_.size() - stream_.avail_out;
        } while (stream_.avail_out == 0);
    }

    z_stream stream_{};
    std::string room_;
    std::size_t size_ = 0;
};

SegmentMaker::SegmentMaker() = default;
SegmentMaker::~SegmentMaker() = default;
SegmentMaker::SegmentMaker(SegmentMaker&& other) noexcept = default;
SegmentMaker& SegmentMaker::operator=(SegmentMaker&& other) noexcept = default;

SegmentPtr SegmentMaker::make(std::span<const Frame* const> frames, std::size_t offset) {
    const Frame& first = *frames.front();
    const auto start = first.wire(Framing::UntilClose).substr(offset);
    const bool cut = start.size() > kMostText;
    std::vector<std::string_view> parts{start.substr(0, kMostText)};
    Segment::Extent extent{.first = first.id(),
                           .last = first.id(),
                           .frames = cut ? 0U : 1U,
                           .begin = offset,
                           .cut = cut ? offset + kMostText : 0U,
                           .full = cut};

    std::size_t size = parts.front().size();
    for (const auto* const frame : frames.subspan(1)) {
        const auto text = frame->wire(Framing::UntilClose);
        extent.full = extent.full || extent.frames == kMostFrames || size + text.size() > kMostText ||
                      frame->version() != first.version();
        if (extent.full) break;
        parts.push_back(text);
        size += text.size();
        extent.last = frame->id();
        ++extent.frames;
    }
    if (!deflater_) deflater_ = std::make_unique<Deflater>();
    return std::make_shared<const Segment>(extent, first.version(), sums_of(parts),
                                           deflater_->blocks_of(parts));
}

std::vector<SegmentPtr> SegmentMaker::make_all(std::span<const FramePtr> frames, std::size_t offset) {
    std::vector<const Frame*> left;
    for (const auto& frame : frames) left.push_back(frame.get());
    std::vector<SegmentPtr> segments;
    for (std::span<const Frame* const> rest = left; !rest.empty();) {
        segments.push_back(make(rest.first(std::min(rest.size(), kMostFrames)), offset));
        rest = rest.subspan(segments.back()->extent().frames);
        offset = segments.back()->extent().cut;
    }
    return segments;
}

}  // namespace stream
