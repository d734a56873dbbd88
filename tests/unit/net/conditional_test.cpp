#include "net/conditional.h"

#include <gtest/gtest.h>

namespace net {
namespace {

TEST(NamesEtag, ComparesWeakly) {
    EXPECT_TRUE(names_etag("\"a\"", "\"a\""));
    EXPECT_TRUE(names_etag("W/\"a\"", "\"a\""));
    EXPECT_TRUE(names_etag("\"a\"", "W/\"a\""));
    EXPECT_FALSE(names_etag("\"b\"", "\"a\""));
    EXPECT_FALSE(names_etag("w/\"a\"", "\"a\"")) << "W has a case";
    EXPECT_FALSE(names_etag("\"A\"", "\"a\"")) << "tags have a case";
}

TEST(NamesEtag, ReadsLists) {
    EXPECT_TRUE(names_etag("\"b\", W/\"c\" ,\t\"a\"", "\"a\""));
    EXPECT_TRUE(names_etag(",, \"b\",\"a\"", "\"a\""));
    EXPECT_TRUE(names_etag("\"x, y\", \"a\"", "\"a\"")) << "a comma may stand in a tag";
    EXPECT_FALSE(names_etag("\"x, \"a\"\"", "\"a\""));
    EXPECT_TRUE(names_etag("*", "\"a\""));
    EXPECT_TRUE(names_etag(" *", "\"a\""));
}

TEST(NamesEtag, OverlooksWhatIsNoTag) {
    for (const char* bad : {"", "a", "\"a", "a\"", "'a'", "W/a", ","})
        EXPECT_FALSE(names_etag(bad, "\"a\"")) << bad;
}

TEST(NamesEtag, TakesTheGzipFormForTheSame) {
    EXPECT_TRUE(names_etag("\"a-gzip\"", "\"a\""));
    EXPECT_TRUE(names_etag("\"a\"", "\"a-gzip\""));
    EXPECT_FALSE(names_etag("\"a-gzip-gzip\"", "\"a\""));
}

TEST(Holds, LooksAtEveryHeaderOfGetAndHead) {
    Request request{.method = "GET", .headers = {{"If-None-Match", "\"b\""}, {"if-none-match", "\"a\""}}};
    EXPECT_TRUE(holds(request, "\"a\""));
    EXPECT_FALSE(holds(request, "\"c\""));
    request.method = "HEAD";
    EXPECT_TRUE(holds(request, "\"a\""));
    request.method = "POST";
    EXPECT_FALSE(holds(request, "\"a\""));
}

TEST(NotModified, KeepsWhatBelongsToIt) {
    Response response = json_response(200, "{}");
    response.headers.insert(response.headers.end(), {{"ETag", "\"a\""},
                                                     {"cache-control", "max-age=5"},
                                                     {"vary", "Origin"},
                                                     {"access-control-allow-origin", "https://example.org"},
                                                     {"x-other", "1"}});
    response = not_modified(std::move(response));
    EXPECT_EQ(response.status, 304U);
    EXPECT_EQ(bytes_of(response.body), "");
    EXPECT_EQ(response.headers, (Headers{{"ETag", "\"a\""},
                                         {"cache-control", "max-age=5"},
                                         {"vary", "Origin"},
                                         {"access-control-allow-origin", "https://example.org"}}));
}

}  // namespace
}  // namespace net
