#include "stream/frame.h"

#include <fmt/format.h>
#include <iterator>
#include <span>

namespace stream {
namespace {

constexpr std::string_view kData = "data:";
constexpr std::string_view kCrLf = "\r\n";

std::string_view as_text(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A payload of several lines needs a data field each (WHATWG HTML, 9.2.6); Casper's have one.
std::size_t count_lines(std::string_view payload) {
    std::size_t lines = 1;
    for (auto at = payload.find('\n'); at != std::string_view::npos; at = payload.find('\n', at + 1)) ++lines;
    return lines;
}

void append_data(std::string& out, std::string_view payload) {
    for (;;) {
        const auto end = payload.find('\n');
        out.append(kData).append(payload.substr(0, end)).push_back('\n');
        if (end == std::string_view::npos) return;
        payload.remove_prefix(end + 1);
    }
}

}  // namespace

Frame::Frame(base::EventId id, base::Kind kind, base::Filter filter, base::ApiVersion version,
             std::string_view payload, const base::EventTraits& traits)
    : id_(id),
      kind_(kind),
      account_size_(static_cast<std::uint8_t>(traits.account.span().size())),
      deploy_hash_size_(static_cast<std::uint8_t>(traits.deploy_hash.span().size())),
      version_(version),
      endpoints_(base::endpoints_of(kind, filter)),
      era_(traits.era) {
    const std::string tail = fmt::format("id:{}\n\n", id);
    const std::size_t size = payload.size() + count_lines(payload) * kData.size() + 1 + tail.size();

    bytes_.reserve(size + 16 + 2 * kCrLf.size() + account_size_ + deploy_hash_size_);
    fmt::format_to(std::back_inserter(bytes_), "{:x}\r\n", size);
    head_ = bytes_.size();
    append_data(bytes_, payload);
    bytes_.append(tail).append(kCrLf);
    wire_size_ = bytes_.size();
    bytes_.append(as_text(traits.account.span())).append(as_text(traits.deploy_hash.span()));
}

base::EventTraits Frame::traits() const {
    const auto* const behind = reinterpret_cast<const std::uint8_t*>(bytes_.data()) + wire_size_;
    base::EventTraits traits;
    traits.era = era_;
    traits.account = base::AccountBytes({behind, account_size_});
    traits.deploy_hash = base::HashBytes({behind + account_size_, deploy_hash_size_});
    return traits;
}

FramePtr frame_of(storage::StoredEvent event) {
    return std::make_shared<const Frame>(event.id, event.kind, event.filter, event.api_version, event.payload,
                                         event.traits);
}

std::string api_version_text(const base::ApiVersion& version) {
    return fmt::format("data:{{\"ApiVersion\":\"{}\"}}\n\n", version.to_string());
}

std::string sidecar_version_text(std::string_view version) {
    return fmt::format("data:{{\"SidecarVersion\":\"{}\"}}\n\n", version);
}

std::string framed(std::string_view text, Framing framing) {
    if (framing == Framing::UntilClose) return std::string(text);
    return fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

}  // namespace stream
