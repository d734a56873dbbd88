#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/event.h"

namespace stream {

/// How a subscriber's body is delimited: HTTP/1.1 chunks (RFC 9112, section 7.1), or plain bytes until close.
enum class Framing { Chunked, UntilClose };

/// One event as it goes to the sockets, built once and shared by all subscribers. Immutable.
class Frame {
  public:
    Frame(base::EventId id, base::Kind kind, base::Filter filter, base::ApiVersion version,
          std::string_view payload);

    [[nodiscard]] base::EventId id() const { return id_; }
    [[nodiscard]] const base::ApiVersion& version() const { return version_; }
    [[nodiscard]] base::EndpointSet endpoints() const { return endpoints_; }

    /// "data:PAYLOAD\nid:N\n\n", with the chunk's framing around it or not. The bytes depend on the id and
    /// the payload alone: a frame built again from the log continues one that was sent in part.
    [[nodiscard]] std::string_view wire(Framing framing) const {
        const std::string_view all = bytes_;
        return framing == Framing::Chunked ? all : all.substr(head_, all.size() - head_ - kChunkEnd);
    }

    /// What it costs in memory.
    [[nodiscard]] std::size_t cost() const { return sizeof(Frame) + bytes_.capacity(); }

  private:
    static constexpr std::size_t kChunkEnd = 2;  // CR LF

    base::EventId id_;
    base::ApiVersion version_;
    base::EndpointSet endpoints_;
    std::size_t head_ = 0;
    std::string bytes_;
};
using FramePtr = std::shared_ptr<const Frame>;

/// Frames without an id.
[[nodiscard]] std::string api_version_frame(const base::ApiVersion& version, Framing framing);
[[nodiscard]] std::string sidecar_version_frame(std::string_view version, Framing framing);
[[nodiscard]] std::string_view keep_alive_frame(Framing framing);

/// What ends a body properly.
[[nodiscard]] std::string_view end_of_body(Framing framing);

}  // namespace stream
