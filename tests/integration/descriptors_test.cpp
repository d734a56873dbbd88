// The sidecar with too few file descriptors.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <vector>

#include "support/programs.h"
#include "support/raw_client.h"

namespace integration {
namespace {

using namespace std::chrono_literals;
using support::RawClient;
using support::Sidecar;
using support::SimulatedNetwork;

TEST(Descriptors, AcceptingPausesSoThatNodesCanAlwaysBeConnectedAgain) {
    const support::TemporaryFolder folder;
    SimulatedNetwork network(folder.path(), {"--rate", "100", "--nodes", "2"});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    const rlimit limit{.rlim_cur = 120, .rlim_max = 120};
    ASSERT_EQ(::prlimit(sidecar.process().pid(), RLIMIT_NOFILE, &limit, nullptr), 0);

    const auto subscribe = [&](RawClient& client) { client.send("GET /events HTTP/1.1\r\nhost: x\r\n\r\n"); };
    std::vector<RawClient> clients;
    for (int i = 0; i < 150; ++i) {
        clients.emplace_back(sidecar.port());
        subscribe(clients.back());
    }
    const auto says = [&](const std::string& text) {
        return support::eventually([&] { return sidecar.log().find(text) != std::string::npos; });
    };
    EXPECT_TRUE(says("no new connection can be accepted")) << sidecar.log();
    EXPECT_TRUE(clients.front().read_until_contains("id:")) << "who is connected is served";

    const auto connections = [&] {
        const auto log = sidecar.log();
        int count = 0;
        for (auto at = log.find(": connected"); at != std::string::npos; at = log.find(": connected", at + 1))
            ++count;
        return count;
    };
    const int before = connections();
    network.fault("node=all drop");
    EXPECT_TRUE(support::eventually([&] { return connections() >= before + 2; })) << sidecar.log();

    clients.clear();
    RawClient late(sidecar.port());
    subscribe(late);
    EXPECT_TRUE(late.read_until_contains("id:")) << "accepting goes on by itself\n" << sidecar.log();
    EXPECT_EQ(sidecar.stop(), 0);
}

}  // namespace
}  // namespace integration
