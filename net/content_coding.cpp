#include "net/content_coding.h"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <fmt/format.h>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <zlib.h>

#include "base/trimmed.h"
#include "net/conditional.h"

namespace net {

namespace asio = boost::asio;
using boost::beast::iequals;

namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kMostAtOnce = 256 * 1024;
constexpr int kLevel = 1;  // Casper's JSON is mostly hex, of which higher levels make little more
constexpr int kGzipWindow = 15 + 16;
constexpr int kMemory = 8;
constexpr std::array<std::string_view, 4> kWorthIt{"text/", "application/json", "application/javascript",
                                                   "image/svg+xml"};

// --- negotiation ---

constexpr int kFullWeight = 1000;

/// "0.5" as 500 (RFC 9110, section 12.4.2); nothing for what is no weight.
std::optional<int> parse_weight(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text.front() != '0' && text.front() != '1')) return std::nullopt;
    int weight = (text.front() - '0') * kFullWeight;
    text.remove_prefix(1);
    if (!text.empty() && text.front() != '.') return std::nullopt;
    if (!text.empty()) text.remove_prefix(1);
    for (int unit = kFullWeight / 10; const char digit : text) {
        if (digit < '0' || digit > '9') return std::nullopt;
        weight += (digit - '0') * unit;
        unit /= 10;
    }
    return std::min(weight, kFullWeight);
}

/// What is cut off in front of the separator, which goes too.
std::string_view cut(std::string_view& text, char separator) {
    const auto end = std::min(text.find(separator), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return base::trimmed(part, base::kHeaderBlanks);
}

struct Weights {
    std::optional<int> gzip;
    std::optional<int> deflate;
    std::optional<int> identity;
    std::optional<int> others;

    [[nodiscard]] int of(ContentCoding coding) const {
        const auto& own = coding == ContentCoding::Gzip ? gzip : deflate;
        return own.value_or(others.value_or(0));
    }
    [[nodiscard]] bool identity_is_refused() const { return identity.value_or(others.value_or(1)) == 0; }
};

Weights weights_of(std::string_view accept_encoding) {
    Weights weights;
    while (!accept_encoding.empty()) {
        auto element = cut(accept_encoding, ',');
        const auto coding = cut(element, ';');
        const auto name = cut(element, '=');
        const auto weight = name.empty() ? kFullWeight : parse_weight(element);
        if (!weight || !(name.empty() || iequals(name, "q"))) continue;
        if (iequals(coding, "gzip") || iequals(coding, "x-gzip")) weights.gzip = weight;
        if (iequals(coding, "deflate")) weights.deflate = weight;
        if (iequals(coding, "identity")) weights.identity = weight;
        if (coding == "*") weights.others = weight;
    }
    return weights;
}

/// Identity is acceptable unless it is refused, but preferred only where it is named (RFC 9110, 12.5.3).
ContentCoding preferred(const Weights& weights, std::span<const ContentCoding> offered) {
    auto best = ContentCoding::Identity;
    int most = 0;
    for (const auto coding : offered) {
        if (weights.of(coding) <= most) continue;
        best = coding;
        most = weights.of(coding);
    }
    return weights.identity.value_or(0) > most ? ContentCoding::Identity : best;
}

bool is_worth_it(const Response& response) {
    const auto type = find_header(response.headers, "content-type").value_or("");
    return std::ranges::any_of(
        kWorthIt, [type](std::string_view prefix) { return iequals(type.substr(0, prefix.size()), prefix); });
}

/// Whether this answer exists in two forms at all.
bool is_codable(const Response& response) {
    const bool empty = response.status < 200 || response.status == 204 || response.status == 304;
    if (empty || response.endless || find_header(response.headers, "content-encoding")) return false;
    return is_worth_it(response);
}

bool is_small(const Body& body) {
    return !std::holds_alternative<StreamedBody>(body) && bytes_of(body).size() < kLeastGzipped;
}

// --- compression ---

/// RFC 1952, piece by piece.
class Deflater {
  public:
    enum class Then { GoOn, Flush, Finish };

    Deflater() {
        if (deflateInit2(&stream_, kLevel, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
            throw std::bad_alloc();
        }
    }
    ~Deflater() { deflateEnd(&stream_); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    [[nodiscard]] std::string take(std::string_view bytes, Then then) {
        // zlib does not write to its input.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        std::string out(deflateBound(&stream_, static_cast<uLong>(bytes.size())), '\0');
        std::size_t size = 0;
        for (;;) {
            stream_.next_out = reinterpret_cast<Bytef*>(out.data() + size);
            stream_.avail_out = static_cast<uInt>(out.size() - size);
            deflate(&stream_, then == Then::Finish  ? Z_FINISH
                              : then == Then::Flush ? Z_SYNC_FLUSH
                                                    : Z_NO_FLUSH);
            size = out.size() - stream_.avail_out;
            if (stream_.avail_out > 0) break;
            out.resize(out.size() + kPiece);
        }
        out.resize(size);
        return out;
    }

  private:
    z_stream stream_{};
};

SharedBody owned(std::string bytes) {
    auto owner = std::make_shared<const std::string>(std::move(bytes));
    const std::string_view view = *owner;
    return {std::move(owner), view};
}

/// A body that is there, cut into pieces, so that the thread is free between them.
class CutGzip {
  public:
    explicit CutGzip(SharedBody body) : body_(std::move(body)) {}

    SharedBody next() {
        std::string out;
        while (out.empty() && !finished_) {
            const auto piece = body_.bytes.substr(0, kPiece);
            body_.bytes.remove_prefix(piece.size());
            finished_ = body_.bytes.empty();
            out = deflater_.take(piece, finished_ ? Deflater::Then::Finish : Deflater::Then::GoOn);
        }
        return owned(std::move(out));
    }

  private:
    SharedBody body_;
    Deflater deflater_;
    bool finished_ = false;
};

asio::awaitable<base::Result<SharedBody>> next_cut(std::shared_ptr<CutGzip> body) {
    co_return body->next();
}

struct PiecedGzip {
    StreamedBody source;
    Deflater deflater;
    bool finished = false;
};

asio::awaitable<base::Result<SharedBody>> next_piece(std::shared_ptr<PiecedGzip> body) {
    if (body->finished) co_return SharedBody{};
    auto next = body->source.next();
    const base::Result<SharedBody> piece = co_await std::move(next);
    if (!piece) co_return piece.error();
    body->finished = piece->bytes.empty();
    const auto then = body->finished ? Deflater::Then::Finish : Deflater::Then::Flush;
    co_return owned(body->deflater.take(piece->bytes, then));
}

Body gzip_at_once_or_cut(SharedBody body) {
    if (body.bytes.size() <= kMostAtOnce) return gzip(body.bytes);
    const auto cut_body = std::make_shared<CutGzip>(std::move(body));
    return StreamedBody{[cut_body] { return next_cut(cut_body); }};
}

}  // namespace

std::string_view name_of(ContentCoding coding) {
    switch (coding) {
        case ContentCoding::Identity:
            return "identity";
        case ContentCoding::Deflate:
            return "deflate";
        case ContentCoding::Gzip:
            return "gzip";
    }
    return "identity";
}

ContentCoding preferred_coding(std::string_view accept_encoding, std::span<const ContentCoding> offered) {
    return preferred(weights_of(accept_encoding), offered);
}

std::string gzip_etag(std::string_view etag) {
    if (!etag.starts_with('"') || !etag.ends_with('"') || etag.size() < 2) return std::string(etag);
    return fmt::format("{}-gzip\"", etag.substr(0, etag.size() - 1));
}

std::string gzip(std::string_view bytes) {
    Deflater deflater;
    return deflater.take(bytes, Deflater::Then::Finish);
}

Body gzip_body(Body body) {
    if (auto* streamed = std::get_if<StreamedBody>(&body)) {
        const auto pieced = std::make_shared<PiecedGzip>();
        pieced->source = std::move(*streamed);
        return StreamedBody{[pieced] { return next_piece(pieced); }};
    }
    if (auto* shared = std::get_if<SharedBody>(&body)) return gzip_at_once_or_cut(std::move(*shared));
    return gzip_at_once_or_cut(owned(std::move(std::get<std::string>(body))));
}

Response negotiate(const Request& request, Response response) {
    auto coding = ContentCoding::Identity;
    if (is_codable(response)) {
        const auto weights = weights_of(request.header("accept-encoding").value_or(""));
        const bool small = is_small(response.body) && !weights.identity_is_refused();
        if (!small) {
            coding = preferred(weights, kOnlyGzip);
            add_to_list(response.headers, "vary", "Accept-Encoding");
        }
    }
    const auto etag = std::ranges::find_if(response.headers,
                                           [](const auto& header) { return iequals(header.first, "etag"); });
    const bool held =
        etag != response.headers.end() && response.status == 200 && holds(request, etag->second);
    if (coding == ContentCoding::Gzip && etag != response.headers.end())
        etag->second = gzip_etag(etag->second);
    if (held) return not_modified(std::move(response));
    if (coding == ContentCoding::Identity) return response;

    response.headers.emplace_back("content-encoding", "gzip");
    response.body = gzip_body(std::move(response.body));
    return response;
}

}  // namespace net
