#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gzip_text.h"

namespace perf {

/// One event of a stream; valid during the call that gives it.
struct SseFrame {
    std::string_view data;
    std::string_view id;  ///< empty: none
};

/// Takes an event stream (WHATWG HTML, 9.2) out of an HTTP/1.1 response, with chunks (RFC 9112, 7.1) or as it
/// is until the connection's end, gzip or not. Costs little beside the server that it measures: an event that
/// came whole is looked at where it lies.
class SseReader {
  public:
    /// Calls `take` with each event that is complete; gives how many of the bytes were used up, the others
    /// are to be given again, with more behind them. Throws std::runtime_error on anything but such a stream.
    template <class Take>
    [[nodiscard]] std::size_t read(std::string_view bytes, Take&& take) {
        std::size_t used = head_done_ ? 0 : read_head(bytes);
        if (!head_done_) return used;
        if (!chunked_) return used + frames_of(bytes.substr(used), take);
        while (const auto chunk = next_chunk(bytes.substr(used))) {
            used += chunk->size;
            const auto text = gzip_ ? gzip_->add(chunk->body) : chunk->body;
            if (part_.empty() && text.ends_with("\n\n")) {
                const auto one = gzip_ ? std::nullopt : only_frame(text);
                one ? take(*one) : static_cast<void>(frames_of(text, take));
                continue;
            }
            part_ += text;
            part_.erase(0, frames_of(part_, take));
        }
        return used;
    }

    [[nodiscard]] bool answered() const { return head_done_; }

  private:
    struct Chunk {
        std::string_view body;
        std::size_t size = 0;  ///< with its framing
    };

    [[nodiscard]] std::size_t read_head(std::string_view bytes);
    /// Nothing: it is not complete yet.
    [[nodiscard]] static std::optional<Chunk> next_chunk(std::string_view bytes);
    static void add_line(std::string_view line, SseFrame& frame);
    /// Of a chunk that is "data:…\nid:…\n\n", found from its end without reading the data; should more frames
    /// than one stand in it, which this server does only where it compresses, the ids tell.
    [[nodiscard]] static std::optional<SseFrame> only_frame(std::string_view text);

    /// How many bytes the whole frames have.
    template <class Take>
    [[nodiscard]] static std::size_t frames_of(std::string_view bytes, Take&& take) {
        std::size_t done = 0;
        SseFrame frame;
        for (std::size_t begin = 0; begin < bytes.size();) {
            const auto end = bytes.find('\n', begin);
            if (end == std::string_view::npos) break;
            if (end == begin) {
                if (!frame.data.empty()) take(frame);
                frame = {};
                done = end + 1;
            } else {
                add_line(bytes.substr(begin, end - begin), frame);
            }
            begin = end + 1;
        }
        return done;
    }

    bool head_done_ = false;
    bool chunked_ = false;
    std::unique_ptr<GzipText> gzip_;  ///< none: it is not compressed
    std::string part_;                ///< of an event that goes on in the next chunk
};

}  // namespace perf
