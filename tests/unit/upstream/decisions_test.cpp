#include <array>
#include <chrono>
#include <gtest/gtest.h>

#include "upstream/filter_cursor.h"
#include "upstream/network_guard.h"
#include "upstream/node_connection.h"
#include "upstream/retry_policy.h"
#include "upstream/status_probe.h"
#include "upstream/tcp_connection.h"

namespace upstream {
namespace {

using namespace std::chrono_literals;
using Verdict = FilterCursor::Verdict;

const RetryPolicy::Clock::time_point kStart{};

NodeOptions retry_options(std::uint32_t attempts) {
    NodeOptions options;
    options.max_attempts = attempts;
    options.delay_between_retries = 2s;
    options.healthy_reset_after = 60s;
    return options;
}

TEST(RetryPolicy, GivesUpAfterTheLastAttempt) {
    RetryPolicy policy(retry_options(3), [] { return 0.5; });
    EXPECT_EQ(policy.failed(kStart), 2000ms);
    EXPECT_EQ(policy.failed(kStart), 2000ms);
    EXPECT_EQ(policy.failures(), 2U);
    EXPECT_EQ(policy.failed(kStart), std::nullopt);
    policy.reset();
    EXPECT_EQ(policy.failed(kStart), 2000ms);
}

TEST(RetryPolicy, OneAttemptIsNone) {
    RetryPolicy policy(retry_options(1), [] { return 0.5; });
    EXPECT_EQ(policy.failed(kStart), std::nullopt);
}

TEST(RetryPolicy, HealthyTimeWipesFailuresOut) {
    RetryPolicy policy(retry_options(2), [] { return 0.5; });
    for (int i = 0; i < 100; ++i) {
        policy.connected(kStart);
        EXPECT_EQ(policy.failed(kStart + 60s), 2000ms);
    }
    for (const auto expected : {std::optional(2000ms), std::optional<std::chrono::milliseconds>()}) {
        policy.connected(kStart);
        EXPECT_EQ(policy.failed(kStart + 59s), expected) << "too short a time to count as healthy";
    }
}

TEST(RetryPolicy, ExponentialWithFullJitterAndCap) {
    auto options = retry_options(100);
    options.retry_strategy = NodeOptions::RetryStrategy::Exponential;
    options.max_delay_between_retries = 10s;
    double random = 0.5;
    RetryPolicy policy(options, [&] { return random; });
    for (const auto expected : {1000ms, 2000ms, 4000ms, 5000ms, 5000ms})
        EXPECT_EQ(policy.failed(kStart), expected);
    random = 0;
    EXPECT_EQ(policy.failed(kStart), 0ms);
}

base::NaturalKey key(std::uint8_t number) {
    return {.first = {number}, .second = {}};
}

ResumePoint point(std::uint32_t id, std::uint8_t number, std::uint32_t generation = 0) {
    return {
        .position = {.event_id = id, .generation = generation}, .kind = base::Kind::Step, .key = key(number)};
}

const FilterCursor::Identity kStep1{.kind = base::Kind::Step, .key = key(1)};
const FilterCursor::Identity kStep2{.kind = base::Kind::Step, .key = key(2)};

TEST(FilterCursor, WithoutAPositionEverythingIsTaken) {
    FilterCursor cursor(std::nullopt, 4);
    EXPECT_EQ(cursor.begin(), 0U);
    EXPECT_EQ(cursor.see(17, &kStep1), Verdict::Take);
    EXPECT_EQ(cursor.position(), (base::NodePosition{17, 4}));
    EXPECT_EQ(cursor.see(30, nullptr), Verdict::Take);
    EXPECT_EQ(cursor.position(), (base::NodePosition{30, 4}));
}

TEST(FilterCursor, TheEventReadLastIsKnown) {
    FilterCursor cursor(point(10, 1), 0);
    EXPECT_EQ(cursor.begin(), 10U);
    EXPECT_EQ(cursor.see(10, &kStep1), Verdict::Known);
    EXPECT_EQ(cursor.see(12, &kStep2), Verdict::Take);
    EXPECT_EQ(cursor.begin(), 10U) << "12 was not handed on";
    cursor.commit(point(12, 2));
    EXPECT_EQ(cursor.begin(), 12U);
    EXPECT_EQ(cursor.see(12, &kStep2), Verdict::Known);
}

TEST(FilterCursor, AGreaterFirstIdIsAGap) {
    FilterCursor cursor(point(10, 1), 0);
    EXPECT_EQ(cursor.begin(), 10U);
    EXPECT_EQ(cursor.see(11, &kStep2), Verdict::Gap);

    cursor.restart(0);
    EXPECT_EQ(cursor.begin(), 0U);
    EXPECT_EQ(cursor.see(4, &kStep1), Verdict::Take) << "what the node still holds is read whole";
    EXPECT_EQ(cursor.see(11, &kStep2), Verdict::Take);
}

TEST(FilterCursor, ALowerFirstIdOrAnotherEventMeansThatIdsRestarted) {
    FilterCursor cursor(point(10, 1, 3), 0);
    for (const auto& [id, identity] : {std::pair{9U, &kStep1}, std::pair{10U, &kStep2}}) {
        EXPECT_EQ(cursor.begin(), 10U);
        EXPECT_EQ(cursor.see(id, identity), Verdict::Restarted);
    }
    EXPECT_EQ(cursor.begin(), 10U);
    EXPECT_EQ(cursor.see(10, nullptr), Verdict::Known) << "an unreadable copy proves nothing";

    cursor.restart(4);
    EXPECT_EQ(cursor.begin(), 0U);
    EXPECT_EQ(cursor.see(2, &kStep1), Verdict::Take);
    EXPECT_EQ(cursor.position(), (base::NodePosition{2, 4}));
}

TEST(FilterCursor, AWrapWithinAConnectionIsTheNextGeneration) {
    FilterCursor cursor(point(4294967290U, 1), 0);
    EXPECT_EQ(cursor.begin(), 4294967290U);
    EXPECT_EQ(cursor.see(4294967290U, &kStep1), Verdict::Known);
    EXPECT_EQ(cursor.see(4294967295U, &kStep2), Verdict::Take);
    EXPECT_EQ(cursor.see(3, &kStep1), Verdict::Take);
    EXPECT_EQ(cursor.position(), (base::NodePosition{3, 1}));
    EXPECT_EQ(cursor.generation(), 1U);
}

TEST(FilterCursor, AShutdownIsKnownByItsPosition) {
    ResumePoint shutdown{
        .position = {.event_id = 5, .generation = 0}, .kind = base::Kind::Shutdown, .key = key(9)};
    FilterCursor cursor(shutdown, 0);
    EXPECT_EQ(cursor.begin(), 5U);
    const FilterCursor::Identity again{.kind = base::Kind::Shutdown, .key = {}};
    EXPECT_EQ(cursor.see(5, &again), Verdict::Known);
}

TEST(NetworkGuard, TheFirstNetworkIsTheOnlyOne) {
    NetworkGuard guard("");
    EXPECT_TRUE(guard.admit(""));
    EXPECT_TRUE(guard.admit("casper"));
    EXPECT_FALSE(guard.admit("casper-test"));
    EXPECT_TRUE(guard.admit(""));
    EXPECT_TRUE(guard.admit("casper"));
    EXPECT_EQ(guard.name(), "casper");
}

TEST(NetworkGuard, ARequiredNetwork) {
    NetworkGuard guard("casper");
    EXPECT_FALSE(guard.admit("casper-test"));
    EXPECT_TRUE(guard.admit("casper"));
}

TEST(ParseStatus, ReadsWhatItNeeds) {
    const auto status = parse_status(
        R"({"api_version":"1.0.0","chainspec_name":"casper","build_version":"1.5.6-abc123","our_public_signing_key":"01ab"})");
    ASSERT_TRUE(status);
    EXPECT_EQ(status->build_version, (base::ApiVersion{1, 5, 6}));
    EXPECT_EQ(status->chainspec_name, "casper");
    EXPECT_EQ(status->our_public_signing_key, "01ab");
    EXPECT_TRUE(status->compatible());
}

TEST(ParseStatus, ComparesVersions) {
    EXPECT_FALSE(parse_status(R"({"build_version":"1.5.1"})")->compatible());
    EXPECT_FALSE(parse_status(R"({"build_version":"1.4.15-x"})")->compatible());
    EXPECT_TRUE(parse_status(R"({"build_version":"1.5.2"})")->compatible());
    EXPECT_TRUE(parse_status(R"({"build_version":"2.0.0"})")->compatible());
    EXPECT_EQ(parse_status(R"({"build_version":"1.5.2"})")->chainspec_name, "");
}

TEST(ParseStatus, NamesItsFailuresAsTheMetricsDo) {
    const std::array<std::pair<const char*, const char*>, 7> cases{{
        {R"({"build_version":5})", "version_value_not_a_string"},
        {R"({"build_version":null})", "version_value_not_a_string"},
        {R"({"build_version":""})", "incomprehensible_build_version_form"},
        {R"({"build_version":"-beta"})", "incomprehensible_build_version_form"},
        {R"({"build_version":"1.5"})", "failed_parsing_protocol_version"},
        {R"({"chainspec_name":"casper"})", "failed_getting_status_from_payload"},
        {"<html>", "failed_getting_status_from_payload"},
    }};
    for (const auto& [body, metric] : cases) {
        const auto status = parse_status(body);
        ASSERT_FALSE(status) << body;
        EXPECT_EQ(status.error().metric(), metric) << body;
    }
}

TEST(Address, Authority) {
    EXPECT_EQ((Address{"127.0.0.1", 80}.authority()), "127.0.0.1:80");
    EXPECT_EQ((Address{"::1", 80}.authority()), "[::1]:80");
    EXPECT_EQ((Address{"[::1]", 80}.authority()), "[::1]:80");
    EXPECT_EQ((Address{"fe80::1%eth0", 80}.authority()), "[fe80::1]:80");
    EXPECT_EQ((Address{"node.example", 80}.authority()), "node.example:80");
}

}  // namespace
}  // namespace upstream
