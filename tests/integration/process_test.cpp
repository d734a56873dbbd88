#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <future>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "support/follower.h"
#include "support/programs.h"
#include "support/raw_client.h"

namespace integration {
namespace {

using namespace std::chrono_literals;
using support::Follower;
using support::Sidecar;
using support::SimulatedNetwork;
using support::TemporaryFolder;

SimulatedNetwork::Ports nobody() {
    return {support::free_port(), support::free_port()};
}

/// Starts a sidecar that is expected to end by itself; its exit code.
int run_to_the_end(Sidecar& sidecar) {
    sidecar.launch();
    return sidecar.process().wait().value_or(-1);
}

TEST(Process, StopsCleanlyOnSigtermWithoutAShutdownEvent) {
    const TemporaryFolder folder;
    SimulatedNetwork network(folder.path(), {"--rate", "200"});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    support::RawClient client(sidecar.port());
    client.send("GET /events HTTP/1.1\r\nhost: x\r\n\r\n");
    ASSERT_TRUE(client.read_until_contains("id:"));
    EXPECT_EQ(sidecar.stop(), 0);
    EXPECT_TRUE(client.read_to_end());
    EXPECT_TRUE(client.received().ends_with("\r\n0\r\n\r\n")) << "the body is ended properly";
    EXPECT_EQ(client.received().find("Shutdown"), std::string::npos);
}

TEST(Process, WhenEveryNodeIsGivenUpItSaysSoOnItsOwnEndpointAndExitsWithAnError) {
    const TemporaryFolder folder;
    SimulatedNetwork network(folder.path(), {"--nodes", "1", "--rate", "100"});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes(), .connection_keys = "", .stream_keys = ""});
    support::write_file(sidecar.config_file(), [&] {
        auto text = support::read_file(sidecar.config_file());
        text.replace(text.find("max_attempts = 1000"), 19, "max_attempts = 1");
        return text;
    }());
    sidecar.start();
    support::RawClient own(sidecar.port());
    own.send("GET /events/sidecar HTTP/1.1\r\nhost: x\r\n\r\n");
    support::RawClient main(sidecar.port());
    main.send("GET /events/main HTTP/1.1\r\nhost: x\r\n\r\n");
    ASSERT_TRUE(own.read_until_contains("SidecarVersion"));
    ASSERT_TRUE(main.read_until_contains("id:"));
    network.process().kill_and_wait();
    EXPECT_EQ(sidecar.process().wait(), 1);
    EXPECT_NE(sidecar.log().find("Connected node(s) are unavailable"), std::string::npos) << sidecar.log();
    ASSERT_TRUE(own.read_to_end());
    EXPECT_NE(own.received().find("data:\"Shutdown\"\nid:"), std::string::npos) << own.received();
    ASSERT_TRUE(main.read_to_end());
    EXPECT_EQ(main.received().find("\"Shutdown\""), std::string::npos);
}

TEST(Process, ANodesShutdownGoesToTheEndpointsItCameFrom) {
    const TemporaryFolder folder;
    SimulatedNetwork network(folder.path(), {"--nodes", "2", "--rate", "100"});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    const Follower main(sidecar.port(), "/events/main");
    const Follower deploys(sidecar.port(), "/events/deploys");
    const Follower sigs(sidecar.port(), "/events/sigs");
    const Follower own(sidecar.port(), "/events/sidecar");
    const auto shutdowns = [](const Follower& follower) {
        const auto all = follower.received();
        return std::ranges::count_if(all, [](const auto& event) { return event.data == "\"Shutdown\""; });
    };
    ASSERT_TRUE(support::eventually([&] { return main.count() > 0; }));
    network.fault("node=1 shutdown for=1s");
    network.fault("node=2 shutdown for=1s");
    EXPECT_TRUE(support::eventually([&] {
        return shutdowns(main) == 2 && shutdowns(deploys) == 2 && shutdowns(sigs) == 2;
    })) << sidecar.log();
    const auto count = main.count();
    EXPECT_TRUE(support::eventually([&] { return main.count() > count + 20; }))
        << "reading goes on afterwards";
    EXPECT_EQ(shutdowns(main), 2) << "a copy that is read again is not another event";
    EXPECT_EQ(own.count(), 0U);
}

TEST(Process, NodesOfDifferentNetworksStopTheStartOfAnEmptyLog) {
    const TemporaryFolder folder;
    const TemporaryFolder other_folder;
    SimulatedNetwork one(folder.path(), {"--nodes", "1", "--network", "casper", "--rate", "100"});
    SimulatedNetwork other(other_folder.path(),
                           {"--nodes", "1", "--network", "casper-test", "--rate", "100"});
    Sidecar sidecar(folder.path(), {.nodes = {one.nodes().front(), other.nodes().front()}});
    EXPECT_EQ(run_to_the_end(sidecar), 1);
    EXPECT_NE(sidecar.log().find("casper-test"), std::string::npos) << sidecar.log();
}

TEST(Process, ANodeOfAnotherNetworkIsNotReadOnceTheLogHasOne) {
    const TemporaryFolder folder;
    const TemporaryFolder other_folder;
    SimulatedNetwork one(folder.path(), {"--nodes", "1", "--network", "casper", "--rate", "100"});
    Sidecar first(folder.path(), {.nodes = one.nodes()});
    first.start();
    {
        const Follower main(first.port(), "/events/main");
        ASSERT_TRUE(support::eventually([&] { return main.count() > 5; })) << first.log();
    }
    EXPECT_EQ(first.stop(), 0);
    SimulatedNetwork other(other_folder.path(),
                           {"--nodes", "1", "--network", "casper-test", "--rate", "100"});
    Sidecar second(folder.path(),
                   {.nodes = other.nodes(), .top_keys = "exit_when_nodes_unavailable = false"});
    second.start();
    EXPECT_TRUE(second.process().wait_for_output("casper-test")) << second.log();
    EXPECT_EQ(second.stop(), 0);
}

TEST(Process, APortInUseIsOneClearLine) {
    const TemporaryFolder folder;
    const TemporaryFolder other_folder;
    Sidecar first(folder.path(), {.nodes = {nobody()}});
    first.start();
    Sidecar second(other_folder.path(), {.nodes = {nobody()}});
    auto text = support::read_file(second.config_file());
    const auto port = fmt::format("port = {}\n", second.port());
    text.replace(text.find(port), port.size(), fmt::format("port = {}\n", first.port()));
    support::write_file(second.config_file(), text);
    EXPECT_EQ(run_to_the_end(second), 1);
    EXPECT_NE(second.log().find(std::to_string(first.port())), std::string::npos);
    EXPECT_NE(second.log().find("in use"), std::string::npos) << second.log();
}

TEST(Process, ASecondProcessOnTheSameLogIsRefused) {
    const TemporaryFolder folder;
    const TemporaryFolder other_folder;
    Sidecar first(folder.path(), {.nodes = {nobody()}, .storage_path = folder.path() / "shared"});
    first.start();
    Sidecar second(other_folder.path(), {.nodes = {nobody()}, .storage_path = folder.path() / "shared"});
    EXPECT_EQ(run_to_the_end(second), 1);
    EXPECT_NE(second.log().find(std::to_string(first.process().pid())), std::string::npos) << second.log();
    EXPECT_EQ(first.stop(), 0);
}

TEST(Process, AFileThatIsNoDatabaseIsOneClearLine) {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder.path() / "storage");
    support::write_file(folder.path() / "storage" / "sqlite_database.db3", std::string(8192, 'x'));
    Sidecar sidecar(folder.path(), {.nodes = {nobody()}});
    EXPECT_EQ(run_to_the_end(sidecar), 1);
    EXPECT_NE(sidecar.log().find("sqlite_database.db3"), std::string::npos) << sidecar.log();
    EXPECT_EQ(support::read_file(folder.path() / "storage" / "sqlite_database.db3"), std::string(8192, 'x'));
}

TEST(Process, AConfigurationWithErrorsIsRefusedWholeBeforeAnythingIsOpened) {
    const TemporaryFolder folder;
    Sidecar sidecar(folder.path(),
                    {.nodes = {nobody()}, .stream_keys = "nonsense = 1\nmax_concurrent_subscribers = 0"});
    EXPECT_EQ(run_to_the_end(sidecar), 1);
    EXPECT_NE(sidecar.log().find("nonsense"), std::string::npos) << sidecar.log();
    EXPECT_NE(sidecar.log().find("max_concurrent_subscribers"), std::string::npos) << sidecar.log();
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "storage"));
}

TEST(Process, RestartGoesOnWithTheIdsAndTheRing) {
    const TemporaryFolder folder;
    SimulatedNetwork network(folder.path(), {"--rate", "500", "--events", "1000", "--step-size", "50KB"});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    ASSERT_TRUE(support::eventually([&] {
        return support::fetch(sidecar.port(), "HEAD /events HTTP/1.1\r\n").find("newest-id: 1000\r\n") !=
               std::string::npos;
    })) << sidecar.log();
    support::RawClient before(sidecar.port());
    before.send("GET /events?start_from=1 HTTP/1.0\r\n\r\n");
    ASSERT_TRUE(before.read_until_contains("\r\n\r\n"));
    // A stop lets it have what it is due.
    auto stopped = std::async(std::launch::async, [&] { return sidecar.stop(); });
    ASSERT_TRUE(before.read_to_end());
    EXPECT_EQ(stopped.get(), 0);
    const auto expected = support::body_of(before.received());
    EXPECT_GT(expected.size(), 100'000U);
    sidecar.start();
    support::RawClient ring(sidecar.port());
    ring.send("GET /events?start_from=0 HTTP/1.0\r\n\r\n");
    ring.read_until([&](const std::string& all) { return support::body_of(all).size() >= expected.size(); });
    EXPECT_TRUE(support::body_of(ring.received()) == expected);
    EXPECT_EQ(sidecar.stop(), 0);
}

}  // namespace
}  // namespace integration
