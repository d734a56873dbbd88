#include "base/log_level.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(LogLevel, IsSetForEveryCopyAndToldByItsName) {
    const auto log = make_null_log();
    const Log copy = log;
    for (const auto name : kLogLevels) {
        EXPECT_TRUE(set_level(log, name));
        EXPECT_EQ(level_of(copy), name);
    }
    EXPECT_FALSE(copy->should_log(spdlog::level::critical)) << "off";
    EXPECT_TRUE(set_level(log, "WARNING"));
    EXPECT_EQ(level_of(copy), "warn");
    EXPECT_TRUE(copy->should_log(spdlog::level::warn));
    EXPECT_FALSE(copy->should_log(spdlog::level::info));
}

TEST(LogLevel, WhatIsNoneChangesNothing) {
    const auto log = make_null_log();
    for (const auto* name : {"", "loud", "debug ", "info,debug", "2"})
        EXPECT_FALSE(set_level(log, name)) << name;
    EXPECT_EQ(level_of(log), "info");
}

}  // namespace
}  // namespace base
