#include "server/connection_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "server/config_table.h"
#include "server/control_path.h"
#include "unit/server/config_text.h"

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string kLeast = "ip_address = \"10.0.0.1\"\nsse_port = 9999\nrest_port = 8888\n";

std::string error_of(const std::string& toml) {
    const auto node = server::parse_connection(toml);
    EXPECT_FALSE(node) << toml;
    if (node) return {};
    EXPECT_EQ(node.error().category, base::Error::Category::Invalid);
    return node.error().message;
}

TEST(ConnectionConfig, IsReadAsInAFile) {
    const auto text = kLeast + "name = \"a\"\nmax_attempts = 3\nretry_strategy = \"exponential\"\n";
    const auto node = server::parse_connection(text);
    ASSERT_TRUE(node) << node.error().message;
    EXPECT_EQ(node->options.name, "a");
    EXPECT_EQ(node->options.ip_address, "10.0.0.1");
    EXPECT_EQ(node->options.sse_port, 9999);
    EXPECT_EQ(node->options.rest_port, 8888);
    EXPECT_EQ(node->options.max_attempts, 3U);
    EXPECT_EQ(node->options.retry_strategy, upstream::NodeOptions::RetryStrategy::Exponential);
    EXPECT_EQ(node->options.delay_between_retries, 5s);
    EXPECT_EQ(node->configuration, text);
    EXPECT_FALSE(node->suspended);
}

TEST(ConnectionConfig, TheNameHasTheDefaultOfAFile) {
    EXPECT_EQ(server::parse_connection(kLeast)->options.name, "10.0.0.1:9999");
    EXPECT_EQ(server::parse_connection("ip_address = \"::1\"\nsse_port = 1\nrest_port = 2")->options.name,
              "[::1]:1");
}

TEST(ConnectionConfig, EveryProblemHasALine) {
    EXPECT_EQ(error_of("sse_port = 70000\nmax_attempt = 1\n"),
              "ip_address: is missing; expected an IP address or a host name\n"
              "rest_port: is missing; expected a port, 1 to 65535\n"
              "sse_port: is 70000; expected a port, 1 to 65535\n"
              "max_attempt: unknown key; did you mean \"max_attempts\"?");
}

TEST(ConnectionConfig, AnEmptyTextMissesWhatIsRequired) {
    EXPECT_EQ(error_of(""),
              "ip_address: is missing; expected an IP address or a host name\n"
              "sse_port: is missing; expected a port, 1 to 65535\n"
              "rest_port: is missing; expected a port, 1 to 65535");
}

TEST(ConnectionConfig, KeysMustGoTogether) {
    EXPECT_THAT(
        error_of(kLeast + "retry_strategy = \"exponential\"\ndelay_between_retries_in_seconds = 400\n"),
        HasSubstr("max_delay_between_retries_in_seconds: is 300, less than"));
}

TEST(ConnectionConfig, WhatIsNotTomlIsNamedByItsLine) {
    EXPECT_THAT(error_of(kLeast + "hello\n"), testing::StartsWith("line 4: not valid TOML"));
    EXPECT_THAT(error_of(kLeast + "sse_port = 1\n"), testing::StartsWith("line 4: not valid TOML"));
    EXPECT_THAT(error_of("[[connections]]\n" + kLeast), HasSubstr("connections: "));
    EXPECT_THAT(error_of(kLeast + "[storage]\nstorage_path = \"x\"\n"), HasSubstr("storage: "));
}

TEST(ConnectionConfig, NoTextExhaustsTheStack) {
    for (const auto* piece : {"[", "{a=", "[{a=", "a."}) {
        std::string text = "x = ";
        while (text.size() < 4090) text += piece;
        EXPECT_NE(error_of(text), "") << piece;
    }
    std::string dotted = "a";
    while (dotted.size() < 4000) dotted += ".a";
    EXPECT_THAT(error_of(dotted + " = 1"), HasSubstr("a: unknown section"));
    EXPECT_THAT(error_of(std::string(100'000, '[')), HasSubstr("too long; expected 4096 bytes at most"));
}

TEST(ControlPath, IsInTheStorageFolderUnlessItIsSet) {
    using config_text::kMinimal;
    EXPECT_EQ(server::control_socket_path(*config_text::parse(kMinimal).config),
              "./target/storage/control.sock");
    EXPECT_EQ(
        server::control_socket_path(*config_text::parse("control_socket = \"/run/x\"\n" + kMinimal).config),
        "/run/x");
}

}  // namespace
