#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/event_traits.h"
#include "storage/event_reader.h"

namespace stream {

/// How a subscriber's body is delimited: HTTP/1.1 chunks (RFC 9112, section 7.1), or plain bytes until close.
enum class Framing { Chunked, UntilClose };

/// One event as it goes to the sockets, built once and shared by all subscribers. Immutable.
class Frame {
  public:
    Frame(base::EventId id, base::Kind kind, base::Filter filter, base::ApiVersion version,
          std::string_view payload, const base::EventTraits& traits = {});

    [[nodiscard]] base::EventId id() const { return id_; }
    [[nodiscard]] base::Kind kind() const { return kind_; }
    [[nodiscard]] const base::ApiVersion& version() const { return version_; }
    [[nodiscard]] base::EndpointSet endpoints() const { return endpoints_; }
    [[nodiscard]] base::EventTraits traits() const;  ///< by what filters choose

    /// "data:PAYLOAD\nid:N\n\n", with the chunk's framing around it or not. The bytes depend on the id and
    /// the payload alone: a frame built again from the log continues one that was sent in part.
    [[nodiscard]] std::string_view wire(Framing framing) const {
        const std::string_view all(bytes_.data(), wire_size_);
        return framing == Framing::Chunked ? all : all.substr(head_, all.size() - head_ - kChunkEnd);
    }

    /// What it costs in memory.
    [[nodiscard]] std::size_t cost() const { return sizeof(Frame) + bytes_.capacity(); }

  private:
    static constexpr std::size_t kChunkEnd = 2;  // CR LF

    base::EventId id_;
    base::Kind kind_;
    std::uint8_t account_size_;
    std::uint8_t deploy_hash_size_;
    base::ApiVersion version_;
    base::EndpointSet endpoints_;
    std::optional<std::uint64_t> era_;
    std::size_t head_ = 0;
    std::size_t wire_size_ = 0;
    std::string bytes_;  ///< as sent, then account and deploy hash, which take no room where there are none
};
using FramePtr = std::shared_ptr<const Frame>;

/// Of an event that was read back.
[[nodiscard]] FramePtr frame_of(storage::StoredEvent event);

/// Events without an id.
[[nodiscard]] std::string api_version_text(const base::ApiVersion& version);
[[nodiscard]] std::string sidecar_version_text(std::string_view version);

/// As one chunk, or as it is.
[[nodiscard]] std::string framed(std::string_view text, Framing framing);

}  // namespace stream
