#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "integration/followers.h"
#include "integration/support_check.h"
#include "support/programs.h"

namespace integration {
namespace {

using namespace std::chrono_literals;
using support::Follower;
using support::Sidecar;
using support::SimulatedNetwork;

/// No file of the process may grow beyond this: to SQLite the same as a disk without space, and needs no
/// privilege.
void limit_file_size(pid_t pid, rlim_t bytes) {
    const rlimit limit{bytes, RLIM_INFINITY};
    ASSERT_EQ(::prlimit(pid, RLIMIT_FSIZE, &limit, nullptr), 0);
}

TEST(FullDisk, NothingIsLostOnceThereIsSpaceAgain) {
    constexpr std::size_t kBefore = 1000;
    constexpr std::size_t kEvents = 6000;
    const support::TemporaryFolder folder;
    const auto record = folder.path() / "produced.jsonl";
    SimulatedNetwork network(folder.path(),
                             {"--rate", "1000", "--events", std::to_string(kBefore), "--buffer", "60000",
                              "--step-size", "300KB", "--record", record.string()});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    const NodeFollowers followers(sidecar.port());
    ASSERT_TRUE(support::eventually([&] { return followers.count() == kBefore; })) << sidecar.log();

    limit_file_size(sidecar.process().pid(), 64 * 1024);
    network.control("POST", fmt::format("/start?events={}", kEvents - kBefore));
    ASSERT_TRUE(sidecar.process().wait_for_output("cannot be stored")) << sidecar.log();
    const auto stored = followers.count();
    EXPECT_LT(stored, kEvents);
    const Follower late(sidecar.port(), "/events/main");
    EXPECT_TRUE(support::eventually([&] { return late.count() >= followers.main.count(); }))
        << "what is stored can still be read";

    limit_file_size(sidecar.process().pid(), RLIM_INFINITY);
    EXPECT_TRUE(support::eventually([&] { return followers.count() == kEvents; }, 60s))
        << followers.count() << "\n"
        << sidecar.log();
    EXPECT_EQ(count_of(sidecar.log(), "cannot be stored"), 1U) << sidecar.log();
    expect_complete(followers.together(), lines_of(support::read_file(record)));
}

}  // namespace
}  // namespace integration
