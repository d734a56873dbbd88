#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <zlib.h>

namespace perf {

/// The text of a gzip stream (RFC 1952), as far as it has come.
class GzipText {
  public:
    GzipText() {
        constexpr int kGzipWindow = 15 + 16;
        if (inflateInit2(&stream_, kGzipWindow) != Z_OK) throw std::runtime_error("no memory for zlib");
    }
    ~GzipText() { inflateEnd(&stream_); }
    GzipText(const GzipText&) = delete;
    GzipText& operator=(const GzipText&) = delete;

    /// What these bytes, which follow the last ones, add to it; valid until the next call.
    [[nodiscard]] std::string_view add(std::string_view bytes) {
        constexpr std::size_t kRoom = std::size_t{256} << 10;
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        std::size_t size = 0;
        do {
            if (text_.size() < size + kRoom) text_.resize(size + kRoom);
            stream_.next_out = reinterpret_cast<Bytef*>(text_.data() + size);
            stream_.avail_out = static_cast<uInt>(kRoom);
            const int result = inflate(&stream_, Z_SYNC_FLUSH);
            if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
                throw std::runtime_error("not a gzip stream");
            size += kRoom - stream_.avail_out;
        } while (stream_.avail_out == 0);
        return std::string_view(text_).substr(0, size);
    }

  private:
    z_stream stream_{};
    std::string text_;
};

}  // namespace perf
