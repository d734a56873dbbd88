#include "admin/log_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log_level.h"
#include "unit/admin/running_admin.h"

namespace admin {
namespace {

using namespace admin_test;
using testing::HasSubstr;

class LogRoutesTest : public testing::Test {
  protected:
    base::Log log_ = base::make_null_log();
    RunningAdmin admin_{log_routes(log_)};
};

TEST_F(LogRoutesTest, TheLevelIsSeenAndChangedAtOnce) {
    EXPECT_EQ(admin_.get("/log-level").body, R"({"level":"info"})");
    const auto got = admin_.change("PUT", "/log-level", R"({"level":"debug"})", kJson);
    EXPECT_EQ(got.status, 200U);
    EXPECT_EQ(got.body, R"({"level":"debug"})");
    EXPECT_TRUE(log_->should_log(spdlog::level::debug));
    for (const auto* body : {"warn", "WARNING", " error\n", "off", R"( {"level":"Trace"} )"}) {
        EXPECT_EQ(admin_.change("PUT", "/log-level", body).status, 200U) << body;
    }
    EXPECT_EQ(base::level_of(log_), "trace");
}

TEST_F(LogRoutesTest, AnUnknownLevelNamesThoseThatThereAre) {
    for (const auto* body : {"loud", "", "debug,info", R"({"level":"loud"})", R"({"level":7})", "{}",
                             R"({"level":"debug","for":"1h"})", R"("debug")"}) {
        const auto got = admin_.change("PUT", "/log-level", body);
        EXPECT_EQ(got.status, 422U) << body;
        EXPECT_THAT(got.message(), HasSubstr("expected ")) << body;
    }
    EXPECT_EQ(admin_.change("PUT", "/log-level", "loud").message(),
              "level: is \"loud\"; expected one of trace, debug, info, warn, error, off");
    EXPECT_EQ(admin_.change("PUT", "/log-level", "{").status, 400U);
    EXPECT_EQ(base::level_of(log_), "info");
}

}  // namespace
}  // namespace admin
