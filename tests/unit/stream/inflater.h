#pragma once

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <zlib.h>

namespace stream {

/// Reads a compressed stream as its bytes come, by zlib.
class Inflater {
  public:
    enum class Format { Gzip, Zlib, Raw };

    explicit Inflater(Format format) {
        constexpr int kWindow = 15;
        const int bits = format == Format::Gzip ? kWindow + 16 : format == Format::Zlib ? kWindow : -kWindow;
        EXPECT_EQ(inflateInit2(&stream_, bits), Z_OK);
    }
    ~Inflater() { inflateEnd(&stream_); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    /// All that the bytes so far say.
    const std::string& add(std::string_view bytes) {
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        do {
            char room[65536];
            stream_.next_out = reinterpret_cast<Bytef*>(room);
            stream_.avail_out = sizeof room;
            const int result = inflate(&stream_, Z_SYNC_FLUSH);
            text_.append(room, sizeof room - stream_.avail_out);
            ended_ = ended_ || result == Z_STREAM_END;
            sound_ = sound_ && (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
        } while (stream_.avail_out == 0 && sound_ && !ended_);
        sound_ = sound_ && stream_.avail_in == 0;
        return text_;
    }

    [[nodiscard]] const std::string& text() const { return text_; }
    /// Its last block and its checksum were there, and right.
    [[nodiscard]] bool ended() const { return ended_; }
    /// Nothing was wrong so far, and nothing stood behind its end.
    [[nodiscard]] bool sound() const { return sound_; }

  private:
    z_stream stream_{};
    std::string text_;
    bool ended_ = false;
    bool sound_ = true;
};

}  // namespace stream
