#include "sim/command_line.h"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

std::variant<sim::Options, sim::Exit> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "casper-node-sim");
    return sim::parse_command_line(static_cast<int>(arguments.size()), arguments.data(), "0");
}

sim::Options good(std::vector<const char*> arguments) {
    auto parsed = parse(std::move(arguments));
    if (const auto* exit = std::get_if<sim::Exit>(&parsed)) throw std::runtime_error(exit->text);
    return std::get<sim::Options>(parsed);
}

TEST(CommandLine, HasDefaults) {
    const auto options = good({});
    EXPECT_EQ(options.nodes, 3U);
    EXPECT_EQ(options.sse_port, 18101);
    EXPECT_EQ(options.rest_port, 14101);
    EXPECT_EQ(options.buffer, 5000U);
    EXPECT_FALSE(options.control_port);
    EXPECT_EQ(options.chain.protocol_version, "1.5.6");
    EXPECT_EQ(options.production.max_skew, 200ms);
    EXPECT_EQ(options.keep_alive, 15s);
}

TEST(CommandLine, ReadsUnitsAndRepeatedFaults) {
    const auto options = good({"--step-size", "30MB", "--block-interval=2s", "--max-skew", "0", "--fault",
                               "10s node=1 drop", "--fault", "every=5s stop for=1s", "--fault-storm",
                               "7,500ms", "--control-port", "0", "--build-version", "1.6.0-rc1"});
    EXPECT_EQ(options.chain.step_size, 30'000'000U);
    EXPECT_EQ(options.chain.block_interval, 2s);
    EXPECT_EQ(options.production.max_skew, 0ns);
    ASSERT_EQ(options.faults.size(), 2U);
    EXPECT_EQ(options.faults[1].every, 5s);
    EXPECT_EQ(options.storm->mean_interval, 500ms);
    EXPECT_EQ(options.control_port, 0);
    EXPECT_EQ(options.chain.protocol_version, "1.6.0");
}

TEST(CommandLine, FixedSizeMeansSignaturesUnlessSaidOtherwise) {
    EXPECT_EQ(good({"--rate", "10", "--payload-size", "500"}).kind, base::Kind::FinalitySignature);
    EXPECT_EQ(good({"--rate", "10", "--kind", "Step"}).kind, base::Kind::Step);
    EXPECT_FALSE(good({"--rate", "10"}).kind);
    EXPECT_EQ(good({"--replay", "x.jsonl"}).production.rate, 100);
}

TEST(CommandLine, RefusesWhatCannotBe) {
    const std::vector<std::vector<const char*>> wrong{
        {"--nonsense"},
        {"--nodes", "0"},
        {"--step-size", "big"},
        {"--block-interval", "1ms"},
        {"--payload-size", "500"},
        {"--kind", "Nothing", "--rate", "1"},
        {"--fault", "node=9 drop"},
        {"--fault-storm", "x"},
        {"--sse-port", "65534"},
        {"--sse-port", "70000"},
        {"--paused"},
        {"--wall-clock", "--first-height", "5"},
        {"--replay", "x", "--rate", "1", "--kind", "Step"},
        {"--api-version", "x"},
        {"--rate", "-1"},
        {"--tls-key", "x"},
    };
    for (const auto& arguments : wrong) {
        const auto parsed = parse(arguments);
        ASSERT_TRUE(std::holds_alternative<sim::Exit>(parsed)) << arguments.front();
        EXPECT_EQ(std::get<sim::Exit>(parsed).code, 2) << arguments.front();
        EXPECT_FALSE(std::get<sim::Exit>(parsed).text.empty()) << arguments.front();
    }
}

TEST(CommandLine, HelpExplainsFaultsAndExits) {
    const auto help = std::get<sim::Exit>(parse({"--help"}));
    EXPECT_EQ(help.code, 0);
    EXPECT_NE(help.text.find("half-frame"), std::string::npos);
    EXPECT_NE(help.text.find("Examples:"), std::string::npos);
}

}  // namespace
