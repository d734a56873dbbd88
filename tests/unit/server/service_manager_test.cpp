#include "server/service_manager.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <string>

#include "held_loop.h"
#include "support/notify_socket.h"
#include "support/process.h"

namespace server {
namespace {

using namespace std::chrono_literals;
using support::says;

/// systemd, as a service sees it: a socket, and the time of the watchdog.
class Systemd {
  public:
    explicit Systemd(std::chrono::microseconds watchdog) : socket_(folder_.path() / "notify") {
        ::setenv("NOTIFY_SOCKET", socket_.path().c_str(), 1);
        ::setenv("WATCHDOG_USEC", std::to_string(watchdog.count()).c_str(), 1);
    }
    ~Systemd() {
        ::unsetenv("NOTIFY_SOCKET");
        ::unsetenv("WATCHDOG_USEC");
    }
    Systemd(const Systemd&) = delete;
    Systemd& operator=(const Systemd&) = delete;

    [[nodiscard]] support::NotifySocket& socket() { return socket_; }

  private:
    support::TemporaryFolder folder_;
    support::NotifySocket socket_;
};

/// A program with a loop "rest" beside its main loop.
struct Program {
    Program() {
        watch.add("rest", rest.context());
        main.run([this] { watch.start(); });
    }
    ~Program() {
        rest.release();
        main.run([this] {
            manager.stopping();
            watch.stop();
        });
        main.run([] {});  // what was queued before ran
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    HeldLoop main;
    HeldLoop rest;
    LoopWatch watch{main.context(), base::make_null_log(), kFast};
    ServiceManager manager{main.context(), watch, [] { return std::string("all\nis well"); }};
};

TEST(ServiceManager, TellsOfTheStartOfReloadsAndOfTheStop) {
    Systemd systemd(0us);
    Program program;
    program.main.run([&] { program.manager.ready(); });
    EXPECT_EQ(systemd.socket().next(), "READY=1\nSTATUS=all is well");
    EXPECT_EQ(systemd.socket().next(), "STATUS=all is well") << "without a watchdog it is not fed";
    program.main.run([&] {
        program.manager.reloading();
        program.manager.ready();
        program.manager.stopping();
    });
    const auto reloading = systemd.socket().next();
    EXPECT_TRUE(says(reloading, "RELOADING=1") && says(reloading, "MONOTONIC_USEC=")) << reloading;
    EXPECT_EQ(systemd.socket().next(), "READY=1\nSTATUS=all is well");
    EXPECT_TRUE(says(systemd.socket().next(), "STOPPING=1"));
}

TEST(ServiceManager, FeedsTheWatchdogOnlyWhileNoLoopIsStuck) {
    Systemd systemd(20ms);
    Program program;
    program.main.run([&] { program.manager.ready(); });
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(systemd.socket().wait_for("WATCHDOG=1"));
    program.rest.hold();
    ASSERT_TRUE(systemd.socket().wait_for("STATUS=stuck: rest"));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(systemd.socket().next(), "STATUS=stuck: rest");
    program.rest.release();
    EXPECT_TRUE(systemd.socket().wait_for("WATCHDOG=1"));
}

TEST(ServiceManager, AHangingMainLoopFeedsNothing) {
    Systemd systemd(20ms);
    Program program;
    program.main.run([&] { program.manager.ready(); });
    ASSERT_TRUE(systemd.socket().wait_for("WATCHDOG=1"));
    program.main.hold();
    while (!systemd.socket().next(1s).empty()) continue;
    program.main.release();
    EXPECT_TRUE(systemd.socket().wait_for("WATCHDOG=1"));
}

TEST(ServiceManager, WithoutSystemdNothingHappens) {
    ::unsetenv("NOTIFY_SOCKET");
    boost::asio::io_context main;
    const LoopWatch watch(main, base::make_null_log());
    ServiceManager manager(main, watch, [] { return std::string("all is well"); });
    manager.ready();
    manager.reloading();
    EXPECT_EQ(main.run(), 0U) << "it waits for nothing";
    manager.stopping();
}

}  // namespace
}  // namespace server
