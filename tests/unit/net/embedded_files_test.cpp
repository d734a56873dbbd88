#include "net/embedded_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>

#include "net/content_coding.h"

namespace net {
namespace {

using ::testing::Eq;
using ::testing::Optional;

const std::string kText = "body { margin: 0 }\n";

class EmbeddedFilesTest : public ::testing::Test {
  protected:
    static Request request(std::string accept_encoding = {}) {
        Request request;
        request.method = "GET";
        if (!accept_encoding.empty()) request.headers.emplace_back("Accept-Encoding", accept_encoding);
        return request;
    }

    const std::string gzipped_ = gzip(kText);
    const std::vector<EmbeddedFile> list_{{"page.css", gzipped_}, {"page.js", gzipped_}};
    EmbeddedFiles files_{list_, "default-src 'none'"};
};

TEST_F(EmbeddedFilesTest, GoOutAsTheyAreEmbeddedToWhoTakesGzip) {
    const auto response = files_.find(request("gzip, br"), "page.css");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200U);
    EXPECT_THAT(find_header(response->headers, "content-encoding"), Optional(Eq("gzip")));
    EXPECT_EQ(bytes_of(response->body), gzipped_);
}

TEST_F(EmbeddedFilesTest, GoOutPlainToWhoDoesNot) {
    const auto response = files_.find(request(), "page.css");
    ASSERT_TRUE(response);
    EXPECT_FALSE(find_header(response->headers, "content-encoding"));
    EXPECT_EQ(bytes_of(response->body), kText);
}

TEST_F(EmbeddedFilesTest, HaveTypePolicyAndATagForEachForm) {
    const auto plain = files_.find(request(), "page.js");
    const auto gzipped = files_.find(request("gzip"), "page.js");
    ASSERT_TRUE(plain && gzipped);
    EXPECT_THAT(find_header(plain->headers, "content-type"), Optional(Eq("text/javascript; charset=utf-8")));
    EXPECT_THAT(find_header(plain->headers, "content-security-policy"), Optional(Eq("default-src 'none'")));
    EXPECT_THAT(find_header(plain->headers, "x-content-type-options"), Optional(Eq("nosniff")));
    EXPECT_THAT(find_header(plain->headers, "vary"), Optional(Eq("Accept-Encoding")));
    const auto etag = find_header(plain->headers, "etag");
    ASSERT_TRUE(etag);
    EXPECT_THAT(find_header(gzipped->headers, "etag"), Optional(Eq(gzip_etag(*etag))));
}

TEST_F(EmbeddedFilesTest, AreNotSentAgainToWhoHoldsThem) {
    auto again = request("gzip");
    auto first = files_.find(again, "page.css");
    ASSERT_TRUE(first);
    again.headers.emplace_back("If-None-Match", *find_header(first->headers, "etag"));
    auto found = files_.find(again, "page.css");
    ASSERT_TRUE(found);
    EXPECT_EQ(negotiate(again, std::move(*found)).status, 304U);
}

TEST_F(EmbeddedFilesTest, OthersAreNotFound) {
    EXPECT_FALSE(files_.find(request(), "page"));
    EXPECT_FALSE(files_.find(request(), ""));
}

TEST(EmbeddedFiles, OfAnUnknownTypeAreAProgrammingError) {
    const std::vector<EmbeddedFile> list{{"page.exe", ""}};
    EXPECT_THROW(EmbeddedFiles(list, ""), std::logic_error);
}

}  // namespace
}  // namespace net
