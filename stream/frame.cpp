#include "stream/frame.h"

#include <fmt/format.h>
#include <iterator>

namespace stream {
namespace {

constexpr std::string_view kData = "data:";
constexpr std::string_view kCrLf = "\r\n";

std::string framed(std::string_view body, Framing framing) {
    if (framing == Framing::UntilClose) return std::string(body);
    return fmt::format("{:x}\r\n{}\r\n", body.size(), body);
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
             std::string_view payload)
    : id_(id), version_(version), endpoints_(base::endpoints_of(kind, filter)) {
    const std::string tail = fmt::format("id:{}\n\n", id);
    const std::size_t size = payload.size() + count_lines(payload) * kData.size() + 1 + tail.size();

    bytes_.reserve(size + 16 + 2 * kCrLf.size());
    fmt::format_to(std::back_inserter(bytes_), "{:x}\r\n", size);
    head_ = bytes_.size();
    append_data(bytes_, payload);
    bytes_.append(tail).append(kCrLf);
}

std::string api_version_frame(const base::ApiVersion& version, Framing framing) {
    return framed(fmt::format("data:{{\"ApiVersion\":\"{}\"}}\n\n", version.to_string()), framing);
}

std::string sidecar_version_frame(std::string_view version, Framing framing) {
    return framed(fmt::format("data:{{\"SidecarVersion\":\"{}\"}}\n\n", version), framing);
}

std::string_view keep_alive_frame(Framing framing) {
    return framing == Framing::Chunked ? "3\r\n:\n\n\r\n" : ":\n\n";
}

std::string_view end_of_body(Framing framing) {
    return framing == Framing::Chunked ? "0\r\n\r\n" : "";
}

}  // namespace stream
