#include "net/content_coding.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <optional>
#include <zlib.h>

#include "unit/net/shared_body.h"

namespace net {
namespace {

namespace asio = boost::asio;

std::string gunzip(std::string_view bytes) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    int result = Z_OK;
    while (result == Z_OK) {
        std::string piece(65536, '\0');
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = static_cast<uInt>(piece.size());
        result = inflate(&stream, Z_NO_FLUSH);
        out.append(piece, 0, piece.size() - stream.avail_out);
    }
    EXPECT_EQ(result, Z_STREAM_END) << "the end is missing";
    EXPECT_EQ(stream.avail_in, 0U);
    inflateEnd(&stream);
    return out;
}

/// JSON that compresses about as a deploy does.
std::string sample(std::size_t size) {
    std::string out;
    std::uint32_t random = 1;
    while (out.size() < size) {
        random = random * 1664525 + 1013904223;
        out += "{\"hash\":\"" + std::to_string(random) + "\"},";
    }
    out.resize(size);
    return out;
}

/// The pieces of a body, as a connection asks for them.
base::Result<std::vector<std::string>> pieces_of(Body body) {
    const auto collect = [&body]() -> asio::awaitable<base::Result<std::vector<std::string>>> {
        std::vector<std::string> pieces;
        for (;;) {
            auto next = std::get<StreamedBody>(body).next();
            const auto piece = co_await std::move(next);
            if (!piece) co_return piece.error();
            if (piece->bytes.empty()) co_return pieces;
            pieces.emplace_back(piece->bytes);
        }
    };
    asio::io_context context;
    std::optional<base::Result<std::vector<std::string>>> result;
    asio::co_spawn(context, collect(),
                   [&](std::exception_ptr, base::Result<std::vector<std::string>> pieces) {
                       result = std::move(pieces);
                   });
    context.run();
    return *result;
}

std::string joined(const std::vector<std::string>& pieces) {
    std::string all;
    for (const auto& piece : pieces) all += piece;
    return all;
}

TEST(PreferredCoding, FollowsWeights) {
    for (const char* gzip :
         {"gzip", "GZIP", "x-gzip", "deflate, gzip;q=0.5", "*", "*;q=0.1", "gzip;q=1.000", "gzip ; q=0.001",
          "br, gzip, identity;q=0", "identity, gzip", "identity;q=0.5, *;q=0.5", "gzip;q=1,identity;q=0.5"}) {
        EXPECT_EQ(preferred_coding(gzip), ContentCoding::Gzip) << gzip;
    }
    for (const char* identity :
         {"", "identity", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "gzip;q=0.5, identity",
          "identity;q=0", "gzip;q=abc", "gzip;q=", "gzip;x=1", "gzipped", ",,"}) {
        EXPECT_EQ(preferred_coding(identity), ContentCoding::Identity) << identity;
    }
}

TEST(PreferredCoding, IsTheFirstOfferedOfEqualOnes) {
    constexpr std::array kOffered{ContentCoding::Gzip, ContentCoding::Deflate};
    const auto preferred = [&](std::string_view accepted) {
        return name_of(preferred_coding(accepted, kOffered));
    };
    for (const char* gzip : {"deflate, gzip, br", "gzip, deflate, br, zstd", "gzip, deflate, br", "*",
                             "deflate;q=0.5, gzip;q=0.5", "deflate;q=0, *;q=0.2", "GZIP",
                             "deflate;q=0.9, gzip;q=0.9, identity;q=0.9"}) {
        EXPECT_EQ(preferred(gzip), "gzip") << gzip;
    }
    for (const char* deflate :
         {"deflate", "Deflate;q=0.1", "deflate, gzip;q=0.5", "gzip;q=0, *", "gzip;q=0,deflate", "deflate, br",
          "identity;q=0, deflate;q=0.1", "gzip;q=0.4, *;q=0.5"}) {
        EXPECT_EQ(preferred(deflate), "deflate") << deflate;
    }
    for (const char* identity :
         {"", "identity", "br, zstd", "gzip;q=0", "gzip;q=0, deflate;q=0", "*;q=0", "identity;q=0",
          "deflate;q=0.5, identity", "gzip;q=0.1, deflate;q=0.2, identity;q=0.3"}) {
        EXPECT_EQ(preferred(identity), "identity") << identity;
    }
    EXPECT_EQ(preferred_coding("deflate"), ContentCoding::Identity) << "it is not offered";
}

TEST(Gzip, ComesBackAsItWas) {
    for (const std::size_t size : {0, 1, 1000, 70'000, 1'000'000}) {
        const auto text = sample(size);
        EXPECT_TRUE(gunzip(gzip(text)) == text) << size;
    }
    EXPECT_LT(gzip(sample(10'000)).size(), 6'000U);
    std::string noise(100'000, '\0');
    for (std::uint32_t i = 0, random = 7; i < noise.size(); ++i, random = random * 1664525 + 1013904223) {
        noise[i] = static_cast<char>(random >> 24);
    }
    EXPECT_TRUE(gunzip(gzip(noise)) == noise);
}

TEST(GzipBody, IsMadeWholeOrPieceByPiece) {
    const auto small = sample(100'000);
    EXPECT_TRUE(gunzip(bytes_of(gzip_body(Body(small)))) == small);
    EXPECT_TRUE(gunzip(bytes_of(gzip_body(Body(shared(small))))) == small);

    const auto large = sample(3'000'000);
    for (auto body : {Body(large), Body(shared(large))}) {
        const auto pieces = pieces_of(gzip_body(std::move(body)));
        ASSERT_TRUE(pieces);
        EXPECT_GT(pieces->size(), 5U);
        EXPECT_TRUE(gunzip(joined(*pieces)) == large);
    }
}

StreamedBody stream_of(std::vector<base::Result<SharedBody>> results) {
    const auto left = std::make_shared<std::vector<base::Result<SharedBody>>>(std::move(results));
    const auto next = [left]() -> asio::awaitable<base::Result<SharedBody>> {
        auto result = left->front();
        left->erase(left->begin());
        co_return result;
    };
    return {next};
}

TEST(GzipBody, SendsEachPieceOfAStream) {
    const auto pieces =
        pieces_of(gzip_body(Body(stream_of({shared("first "), shared("second"), SharedBody{}}))));
    ASSERT_TRUE(pieces);
    EXPECT_EQ(pieces->size(), 3U) << "each piece, and the end of gzip";
    EXPECT_EQ(gunzip(joined(*pieces)), "first second");
    EXPECT_EQ(gunzip(joined(*pieces_of(gzip_body(Body(stream_of({SharedBody{}})))))), "");
}

TEST(GzipBody, HandsAnErrorOn) {
    const auto pieces = pieces_of(gzip_body(Body(stream_of({shared("first"), base::unavailable("lost")}))));
    ASSERT_FALSE(pieces);
    EXPECT_EQ(pieces.error().message, "lost");
}

// --- negotiation ---

Request get(Headers headers = {}) {
    return {.method = "GET", .target = "/", .headers = std::move(headers)};
}

Response page(std::size_t size = 5000) {
    auto response = json_response(200, sample(size));
    response.headers.emplace_back("etag", "\"1\"");
    return response;
}

TEST(Negotiate, GivesGzipToWhoPrefersIt) {
    const auto response = negotiate(get({{"Accept-Encoding", "gzip, deflate, br"}}), page());
    EXPECT_EQ(find_header(response.headers, "content-encoding"), "gzip");
    EXPECT_EQ(find_header(response.headers, "vary"), "Accept-Encoding");
    EXPECT_EQ(find_header(response.headers, "etag"), "\"1-gzip\"");
    EXPECT_EQ(gunzip(bytes_of(response.body)), sample(5000));
}

TEST(Negotiate, GivesTheAnswerAsItIsToOthers) {
    const auto response = negotiate(get(), page());
    EXPECT_FALSE(find_header(response.headers, "content-encoding"));
    EXPECT_EQ(find_header(response.headers, "vary"), "Accept-Encoding");
    EXPECT_EQ(find_header(response.headers, "etag"), "\"1\"");
    EXPECT_EQ(bytes_of(response.body), sample(5000));
}

TEST(Negotiate, LeavesAloneWhatGzipDoesNotPayFor) {
    const auto gzip_please = get({{"accept-encoding", "gzip"}});
    const auto small = negotiate(gzip_please, page(1000));
    EXPECT_FALSE(find_header(small.headers, "content-encoding"));
    EXPECT_FALSE(find_header(small.headers, "vary"));
    EXPECT_TRUE(find_header(negotiate(get({{"accept-encoding", "gzip, identity;q=0"}}), page(1000)).headers,
                            "content-encoding"));

    Response image{200, {{"content-type", "image/png"}}, sample(5000), false};
    EXPECT_EQ(negotiate(gzip_please, image).headers.size(), 1U);
    auto coded = page();
    coded.headers.emplace_back("content-encoding", "br");
    EXPECT_EQ(negotiate(gzip_please, coded).headers.size(), coded.headers.size());
    auto head = page();
    head.endless = true;
    EXPECT_EQ(negotiate(gzip_please, head).headers.size(), head.headers.size());
}

TEST(Negotiate, AnswersWhoHoldsItWith304) {
    for (const char* held : {"\"1\"", "\"1-gzip\"", "W/\"1\"", "\"0\", \"1\"", "*"}) {
        const auto plain = negotiate(get({{"if-none-match", held}}), page());
        EXPECT_EQ(plain.status, 304U) << held;
        EXPECT_EQ(plain.headers, (Headers{{"etag", "\"1\""}, {"vary", "Accept-Encoding"}}));
        EXPECT_EQ(bytes_of(plain.body), "");
        const auto coded = negotiate(get({{"if-none-match", held}, {"accept-encoding", "gzip"}}), page());
        EXPECT_EQ(coded.status, 304U) << held;
        EXPECT_EQ(find_header(coded.headers, "etag"), "\"1-gzip\"");
    }
    EXPECT_EQ(negotiate(get({{"if-none-match", "\"2\""}}), page()).status, 200U);
    auto error = page();
    error.status = 404;
    EXPECT_EQ(negotiate(get({{"if-none-match", "*"}}), error).status, 404U);
}

TEST(GzipEtag, DiffersForStrongTagsOnly) {
    EXPECT_EQ(gzip_etag("\"a\""), "\"a-gzip\"");
    EXPECT_EQ(gzip_etag("W/\"a\""), "W/\"a\"");
}

}  // namespace
}  // namespace net
