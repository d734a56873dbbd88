#include "admin/authorization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

namespace admin {
namespace {

using testing::HasSubstr;

std::optional<net::Refusal> refusal_of(const Authorization& authorization, const std::string& header) {
    net::Request request;
    request.method = "POST";
    request.target = "/drain?token=secret&access_token=secret";
    request.headers = {{"authorization", header}};
    request.body = "access_token=secret";
    return authorization.refuse(request);
}

TEST(Authorization, WhoBearsTheTokenMayChange) {
    const Authorization authorization("secret");
    for (const auto* header : {"Bearer secret", "bearer secret", "BEARER secret", "Bearer   secret"})
        EXPECT_FALSE(refusal_of(authorization, header)) << header;
}

TEST(Authorization, EverythingElseIs401) {
    const Authorization authorization("secret");
    for (const auto* header :
         {"Bearer", "Bearer ", "Bearer  ", "", "secret", "Basic secret", "Bearersecret", "Bearer\tsecret",
          "Bearer secret ", "Bearer Secret", "Bearer secre", "Bearer secrets", "Bearer secret, Bearer secret",
          "Basic c2VjcmV0Og==", "Bearer \"secret\""}) {
        const auto refusal = refusal_of(authorization, header);
        ASSERT_TRUE(refusal) << header;
        EXPECT_EQ(refusal->status, 401U) << header;
        ASSERT_EQ(refusal->headers.size(), 1U);
        EXPECT_EQ(refusal->headers.front().first, "www-authenticate");
        EXPECT_THAT(refusal->headers.front().second, testing::StartsWith("Bearer realm="));
        EXPECT_EQ(refusal->message.find("secret"), std::string::npos) << "no answer tells of the token";
    }
}

TEST(Authorization, ANulEndsNoToken) {
    const Authorization authorization(std::string("a\0b", 3));
    EXPECT_FALSE(refusal_of(authorization, std::string("Bearer a\0b", 10)));
    EXPECT_TRUE(refusal_of(authorization, "Bearer a"));
    EXPECT_TRUE(refusal_of(authorization, std::string("Bearer a\0c", 10)));
}

TEST(Authorization, WithoutATokenNobodyMayChange) {
    const Authorization authorization("");
    for (const auto* header : {"Bearer secret", "Bearer ", "Bearer", ""}) {
        const auto refusal = refusal_of(authorization, header);
        ASSERT_TRUE(refusal);
        EXPECT_EQ(refusal->status, 403U);
        EXPECT_THAT(refusal->message, HasSubstr("SIDECAR_ADMIN_TOKEN"));
    }
}

TEST(Authorization, NoHeaderIsAskedForByName) {
    const auto refusal = Authorization("secret").refuse(net::Request{});
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->status, 401U);
    EXPECT_THAT(refusal->message, HasSubstr("Authorization: Bearer TOKEN"));
}

}  // namespace
}  // namespace admin
