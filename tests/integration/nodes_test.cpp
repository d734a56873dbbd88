// The nodes of a running sidecar, as an operator sees and steers them on the command line.

#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "integration/followers.h"
#include "integration/nodes_command.h"
#include "integration/support_check.h"
#include "support/programs.h"

namespace integration {
namespace {

using namespace std::chrono_literals;
using support::Sidecar;
using support::SimulatedNetwork;
using support::TemporaryFolder;

TEST(Nodes, ASuspendedNodeStaysSoOverKill9AndSighupUntilItIsResumed) {
    const TemporaryFolder folder;
    SimulatedNetwork network(folder.path(), {"--rate", "200", "--nodes", "2"});
    const auto name = name_of(network.nodes()[0]);
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    ASSERT_TRUE(reaches(folder, sidecar, name, "running")) << sidecar.log();
    EXPECT_EQ(nodes(folder, sidecar, {"suspend", name}).find("FAILED"), std::string::npos);
    sidecar.kill();
    sidecar.start();
    EXPECT_TRUE(reaches(folder, sidecar, name, "suspended"));
    EXPECT_TRUE(reaches(folder, sidecar, name_of(network.nodes()[1]), "running"));
    sidecar.process().signal(SIGHUP);
    ASSERT_TRUE(support::eventually([&] { return sidecar.log().find("SIGHUP") != std::string::npos; }));
    EXPECT_TRUE(reaches(folder, sidecar, name, "suspended"));
    nodes(folder, sidecar, {"resume", name});
    EXPECT_TRUE(reaches(folder, sidecar, name, "running"));
    const auto history = nodes(folder, sidecar, {"history", name});
    for (const auto* word : {"suspending", "suspended", "running", "command"})
        EXPECT_NE(history.find(word), std::string::npos) << history;
    EXPECT_EQ(sidecar.stop(), 0);
}

TEST(Nodes, ARemovedNodeStaysAwayAndAnAddedOneStays) {
    const TemporaryFolder folder;
    SimulatedNetwork network(folder.path(), {"--rate", "200", "--nodes", "3"});
    const auto one = network.nodes()[0];
    const auto two = network.nodes()[1];
    const auto three = network.nodes()[2];
    Sidecar sidecar(folder.path(), {.nodes = {one, two}});
    sidecar.start();
    const auto added = nodes(folder, sidecar,
                             {"add", "--name", "third", "--ip-address", "127.0.0.1", "--sse-port",
                              std::to_string(three.sse), "--rest-port", std::to_string(three.rest)});
    EXPECT_EQ(added.find("FAILED"), std::string::npos) << added;
    EXPECT_TRUE(reaches(folder, sidecar, "third", "running"));
    nodes(folder, sidecar, {"remove", name_of(one)});
    sidecar.kill();
    sidecar.start();
    EXPECT_TRUE(reaches(folder, sidecar, "third", "running"));
    const auto list = nodes(folder, sidecar, {"list"});
    EXPECT_EQ(list.find(name_of(one)), std::string::npos) << list;
    EXPECT_NE(list.find(name_of(two)), std::string::npos) << list;
    const auto unknown = nodes(folder, sidecar, {"suspend", name_of(one)});
    EXPECT_NE(unknown.find("FAILED"), std::string::npos) << unknown;
}

TEST(Nodes, SighupChangesTheNodesAndAnInvalidFileChangesNothing) {
    const TemporaryFolder folder;
    SimulatedNetwork network(folder.path(), {"--rate", "200", "--nodes", "2"});
    Sidecar sidecar(folder.path(), {.nodes = {network.nodes()[0]}});
    sidecar.start();
    const auto before = support::read_file(sidecar.config_file());
    support::write_file(sidecar.config_file(), before + "\nnonsense = 1\n");
    sidecar.process().signal(SIGHUP);
    EXPECT_TRUE(support::eventually([&] { return sidecar.log().find("nonsense") != std::string::npos; }));
    support::write_file(sidecar.config_file(), before);
    EXPECT_TRUE(reaches(folder, sidecar, name_of(network.nodes()[0]), "running"));

    const auto begin = before.find("[[connections]]");
    const auto end = before.find("\n[", begin + 1);
    auto second = before.substr(begin, end - begin);
    const auto replace = [&](std::uint16_t from, std::uint16_t to) {
        const auto at = second.find(std::to_string(from));
        ASSERT_NE(at, std::string::npos);
        second.replace(at, std::to_string(from).size(), std::to_string(to));
    };
    replace(network.nodes()[0].sse, network.nodes()[1].sse);
    replace(network.nodes()[0].rest, network.nodes()[1].rest);
    support::write_file(sidecar.config_file(), before + "\n" + second + "\n");
    sidecar.process().signal(SIGHUP);
    EXPECT_TRUE(reaches(folder, sidecar, name_of(network.nodes()[1]), "running")) << sidecar.log();
}

TEST(Nodes, ANodeThatIsTooOldIsIncompatibleAndSaysWhy) {
    const TemporaryFolder folder;
    SimulatedNetwork network(folder.path(), {"--rate", "200", "--nodes", "2"});
    network.fault("node=1 status version=1.5.1");
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    const auto name = name_of(network.nodes()[0]);
    ASSERT_TRUE(reaches(folder, sidecar, name, "incompatible"));
    const auto node = show(folder, sidecar, name);
    EXPECT_EQ(node["cause"], "too_old");
    EXPECT_NE(sidecar.log().find("1.5.1 is older than 1.5.2"), std::string::npos) << sidecar.log();
    network.fault("node=1 resume");
    nodes(folder, sidecar, {"resume", name});
    EXPECT_TRUE(reaches(folder, sidecar, name, "running"));
}

TEST(Nodes, WhatOneNodeLostComesFromAnother) {
    constexpr std::size_t kEvents = 3000;
    const TemporaryFolder folder;
    const auto record = folder.path() / "produced.jsonl";
    constexpr std::size_t kBefore = 600;
    SimulatedNetwork network(folder.path(), {"--rate", "1000", "--events", std::to_string(kBefore), "--nodes",
                                             "2", "--step-size", "50KB", "--record", record.string()});
    const auto name = name_of(network.nodes()[0]);
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    const NodeFollowers followers(sidecar.port());
    ASSERT_TRUE(support::eventually([&] { return followers.count() == kBefore; })) << sidecar.log();
    nodes(folder, sidecar, {"suspend", name});
    network.control("POST", fmt::format("/start?events={}", kEvents - kBefore));
    ASSERT_TRUE(support::eventually([&] { return followers.count() > 1000; })) << sidecar.log();
    network.fault("node=1 restart buffer=empty");
    nodes(folder, sidecar, {"resume", name});
    EXPECT_TRUE(support::eventually([&] { return followers.count() >= kEvents; })) << sidecar.log();
    EXPECT_NE(sidecar.log().find("no longer holds event"), std::string::npos) << sidecar.log();
    expect_complete(followers.together(), lines_of(support::read_file(record)));
}

TEST(Nodes, IdsThatWrapLoseNothing) {
    constexpr std::size_t kEvents = 2000;
    const TemporaryFolder folder;
    const auto record = folder.path() / "produced.jsonl";
    SimulatedNetwork network(
        folder.path(), {"--rate", "1000", "--events", std::to_string(kEvents), "--nodes", "1", "--first-id",
                        "4294966296", "--step-size", "50KB", "--record", record.string(),
                        // So near the wrap, a node answers start_from=0 with none of what it holds.
                        "--wait-for-subscribers", "1"});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    const NodeFollowers followers(sidecar.port());
    for (const std::size_t goal : {900U, 980U, 1020U, 1200U}) {
        ASSERT_TRUE(support::eventually([&] { return followers.count() >= goal; })) << sidecar.log();
        network.fault("node=1 drop");
    }
    EXPECT_TRUE(support::eventually([&] { return followers.count() >= kEvents; })) << sidecar.log();
    expect_complete(followers.together(), lines_of(support::read_file(record)));
}

}  // namespace
}  // namespace integration
