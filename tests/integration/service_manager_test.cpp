// The sidecar as a service of systemd, whose socket the test holds.

#include <csignal>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "support/notify_socket.h"
#include "support/programs.h"
#include "support/raw_client.h"

namespace integration {
namespace {

using namespace std::chrono_literals;
using support::says;
using support::Sidecar;

TEST(Systemd, HearsOfTheStartTheWatchdogAReloadAndTheStop) {
    const support::TemporaryFolder folder;
    support::NotifySocket systemd(folder.path() / "notify");
    support::SimulatedNetwork network(folder.path(), {"--rate", "200", "--nodes", "1"});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes(),
                                    .environment = {{"NOTIFY_SOCKET", systemd.path().string()},
                                                    {"WATCHDOG_USEC", "200000"}}});
    sidecar.launch();
    ASSERT_TRUE(says(systemd.next(), "READY=1")) << "it is the first that is told\n" << sidecar.log();
    EXPECT_TRUE(support::fetch(sidecar.port(), "HEAD /events HTTP/1.1\r\n").starts_with("HTTP/1.1 200"))
        << "who is ready serves";
    EXPECT_TRUE(support::fetch(sidecar.rest_port(), "GET /status HTTP/1.1\r\n").starts_with("HTTP/1.1 200"));
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(systemd.wait_for("WATCHDOG=1")) << sidecar.log();
    sidecar.process().signal(SIGHUP);
    EXPECT_TRUE(systemd.wait_for("RELOADING=1")) << sidecar.log();
    EXPECT_TRUE(systemd.wait_for("READY=1")) << sidecar.log();
    EXPECT_TRUE(systemd.wait_for("STATUS=the newest event is ")) << sidecar.log();
    sidecar.process().signal(SIGTERM);
    EXPECT_TRUE(systemd.wait_for("STOPPING=1")) << sidecar.log();
    EXPECT_EQ(sidecar.process().wait(), 0);
}

TEST(Systemd, AnOutageOfStorageIsToldAndFeedsTheWatchdogOn) {
    const support::TemporaryFolder folder;
    support::NotifySocket systemd(folder.path() / "notify");
    support::SimulatedNetwork network(folder.path(), {"--rate", "500", "--nodes", "1"});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes(),
                                    .environment = {{"NOTIFY_SOCKET", systemd.path().string()},
                                                    {"WATCHDOG_USEC", "200000"}}});
    sidecar.launch();
    ASSERT_TRUE(systemd.wait_for("READY=1")) << sidecar.log();
    const rlimit none{.rlim_cur = 1, .rlim_max = RLIM_INFINITY};
    ASSERT_EQ(::prlimit(sidecar.process().pid(), RLIMIT_FSIZE, &none, nullptr), 0);
    ASSERT_TRUE(systemd.wait_for("STATUS=since ")) << sidecar.log();
    for (int i = 0; i < 5; ++i) {
        const auto message = systemd.next();
        EXPECT_TRUE(says(message, "WATCHDOG=1") && says(message, "STATUS=since ")) << message;
    }
    sidecar.kill();
}

}  // namespace
}  // namespace integration
