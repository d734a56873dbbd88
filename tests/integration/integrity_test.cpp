#include <chrono>
#include <filesystem>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <string>
#include <thread>
#include <vector>

#include "integration/followers.h"
#include "integration/support_check.h"
#include "support/paths.h"
#include "support/payloads.h"
#include "support/programs.h"

namespace integration {
namespace {

using base::Kind;
using support::Follower;
using support::run_sidecar;
using support::Sidecar;
using support::SimulatedNetwork;

void alter(const std::filesystem::path& file, const char* sql) {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &connection), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(connection, sql, nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(connection);
    sqlite3_close(connection);
}

TEST(Integrity, ABusyLogIsVerifiedAndCopied) {
    const support::TemporaryFolder folder;
    SimulatedNetwork network(folder.path(), {"--rate", "2000", "--step-size", "2MB"});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    const NodeFollowers followers(sidecar.port());
    ASSERT_TRUE(support::eventually([&] { return followers.count() >= 2000; })) << sidecar.log();
    const auto config = sidecar.config_file().string();
    const auto copy = (folder.path() / "copy.db3").string();
    const auto output = folder.path() / "out";
    const auto before = followers.count();
    EXPECT_EQ(run_sidecar({"verify", "--path-to-config", config}, output), 0) << support::read_file(output);
    EXPECT_EQ(run_sidecar({"backup", copy, "--path-to-config", config}, output), 0)
        << support::read_file(output);
    EXPECT_EQ(run_sidecar({"verify", copy}, output), 0) << support::read_file(output);
    EXPECT_TRUE(support::eventually([&] { return followers.count() > before; })) << "the sidecar goes on";
    EXPECT_EQ(sidecar.stop(), 0);
    EXPECT_EQ(run_sidecar({"verify", "--path-to-config", config}, output), 0) << support::read_file(output);
}

TEST(Integrity, WhatWasDamagedIsAnnouncedAndComesBackFromTheNodes) {
    const support::TemporaryFolder folder;
    SimulatedNetwork network(folder.path(), {"--rate", "2000", "--events", "2000", "--buffer", "60000"});
    const auto storage = folder.path() / "log";
    Sidecar sidecar(folder.path(), {.nodes = network.nodes(), .storage_path = storage});
    sidecar.start();
    {
        const NodeFollowers followers(sidecar.port());
        ASSERT_TRUE(support::eventually([&] { return followers.count() >= 2000; })) << sidecar.log();
    }
    ASSERT_EQ(sidecar.stop(), 0);
    alter(storage / "sqlite_database.db3", "UPDATE event SET payload = x'00' WHERE id BETWEEN 1000 AND 1009");
    const auto config = sidecar.config_file().string();
    const auto output = folder.path() / "out";
    EXPECT_EQ(run_sidecar({"verify", "--path-to-config", config}, output), 1);
    EXPECT_NE(support::read_file(output).find("events 1000 to 1009"), std::string::npos);
    EXPECT_EQ(run_sidecar({"verify", "--repair", "--path-to-config", config}, output), 0)
        << support::read_file(output);

    sidecar.start();
    const NodeFollowers again(sidecar.port());
    EXPECT_TRUE(support::eventually([&] { return again.count() >= 2000; })) << sidecar.log();
    for (const auto& event : again.together()) EXPECT_TRUE(event.id < 1000 || event.id > 1009) << event.id;
}

TEST(Integrity, ARepairThatIsKilledLosesNothing) {
    constexpr std::uint64_t kSteps = 20'000;
    const support::TemporaryFolder folder;
    const auto storage = folder.path() / "log";
    const auto log = storage / "sqlite_database.db3";
    const Sidecar sidecar(folder.path(), {.nodes = {{1, 2}}, .storage_path = storage});
    const auto config = sidecar.config_file().string();
    const auto output = folder.path() / "out";
    std::string lines;
    for (std::uint64_t i = 1; i <= kSteps; ++i) lines += support::payload(Kind::Step, i) + "\n";
    support::write_file(folder.path() / "lines.jsonl", lines);
    ASSERT_EQ(run_sidecar({"import", (folder.path() / "lines.jsonl").string(), "--network-name", "n",
                           "--path-to-config", config},
                          output),
              0);
    alter(log, "UPDATE event SET payload = x'00' WHERE id = 77");
    for (int milliseconds = 10;; milliseconds += milliseconds / 4 + 10) {
        support::Process repair(
            {support::sidecar_program(), "verify", "--repair", "--path-to-config", config}, output);
        const auto code = repair.wait(std::chrono::milliseconds(milliseconds));
        if (code) {
            EXPECT_EQ(*code, 0) << support::read_file(output);
            break;
        }
        repair.kill_and_wait();
    }
    EXPECT_EQ(run_sidecar({"verify", "--path-to-config", config}, folder.path() / "last"), 0);
    EXPECT_NE(support::read_file(folder.path() / "last").find("19,999 are sound"), std::string::npos)
        << support::read_file(folder.path() / "last");
}

}  // namespace
}  // namespace integration
