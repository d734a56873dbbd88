#include "net/embedded_files.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <new>
#include <stdexcept>
#include <utility>
#include <zlib.h>

#include "base/text_hash.h"
#include "net/content_coding.h"

namespace net {
namespace {

constexpr int kGzipFormat = 16 + MAX_WBITS;

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kContentTypes{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
}};

std::string_view content_type_of(std::string_view name) {
    for (const auto& [ending, type] : kContentTypes) {
        if (name.ends_with(ending)) return type;
    }
    throw std::logic_error(fmt::format("{} has no content type in net/embedded_files.cpp", name));
}

/// Undoes gzip (RFC 1952) of what is embedded in the program.
std::string gunzip(std::string_view bytes) {
    z_stream stream{};
    if (inflateInit2(&stream, kGzipFormat) != Z_OK) throw std::bad_alloc();
    const std::unique_ptr<z_stream, decltype(&inflateEnd)> end(&stream, inflateEnd);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    int result = Z_OK;
    while (result == Z_OK) {
        const auto done = out.size();
        out.resize(std::max<std::size_t>(2 * done, bytes.size() * 4));
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + done);
        stream.avail_out = static_cast<uInt>(out.size() - done);
        result = inflate(&stream, Z_NO_FLUSH);
    }
    if (result != Z_STREAM_END) throw std::logic_error("an embedded file is not in gzip form");
    out.resize(stream.total_out);
    return out;
}

}  // namespace

EmbeddedFiles::EmbeddedFiles(std::span<const EmbeddedFile> files, std::string content_security_policy)
    : content_security_policy_(std::move(content_security_policy)) {
    for (const auto& file : files) {
        auto etag = fmt::format("\"{:016x}\"", base::hash_of(file.gzipped));
        entries_.push_back({file, content_type_of(file.name), std::move(etag), nullptr});
    }
}

std::optional<Response> EmbeddedFiles::find(const Request& request, std::string_view name) {
    const auto entry = std::ranges::find(entries_, name, [](const Entry& each) { return each.file.name; });
    if (entry == entries_.end()) return std::nullopt;

    Response response{200,
                      {{"content-type", std::string(entry->content_type)},
                       {"cache-control", "no-cache"},
                       {"x-content-type-options", "nosniff"},
                       {"referrer-policy", "no-referrer"},
                       {"content-security-policy", content_security_policy_},
                       {"vary", "Accept-Encoding"}},
                      Body{},
                      false};
    const auto accepted = request.header("accept-encoding").value_or("identity");
    if (preferred_coding(accepted) == ContentCoding::Gzip) {
        response.headers.emplace_back("content-encoding", "gzip");
        response.headers.emplace_back("etag", gzip_etag(entry->etag));
        response.body = SharedBody{nullptr, entry->file.gzipped};
    } else {
        response.headers.emplace_back("etag", entry->etag);
        response.body = plain_form(*entry);
    }
    return response;
}

SharedBody EmbeddedFiles::plain_form(Entry& entry) {
    if (!entry.plain) entry.plain = std::make_shared<const std::string>(gunzip(entry.file.gzipped));
    return {entry.plain, *entry.plain};
}

}  // namespace net
