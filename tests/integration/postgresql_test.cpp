#include "support/postgresql.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <openssl/evp.h>
#include <random>
#include <string_view>

#include "integration/followers.h"
#include "integration/support_check.h"
#include "support/programs.h"
#include "support/raw_client.h"

namespace integration {
namespace {

using namespace std::chrono_literals;
using support::PostgresqlServer;
using support::Sidecar;
using support::SimulatedNetwork;

constexpr const char* kDatabase = "postgres";

Sidecar make_sidecar(const std::filesystem::path& folder, const PostgresqlServer& server,
                     std::vector<SimulatedNetwork::Ports> nodes, const std::string& instance) {
    std::filesystem::create_directories(folder / instance);
    Sidecar::Settings settings;
    settings.nodes = std::move(nodes);
    settings.storage_keys = fmt::format("instance_name = \"{}\"", instance);
    settings.store_in(server);
    return {folder / instance, settings};
}

/// The SHA-256 of what a follower was sent.
std::string digest_of(const support::Follower& follower) {
    std::string bytes;
    for (const auto& event : follower.received())
        bytes += fmt::format("data:{}\nid:{}\n\n", event.data, event.id);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
    return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + size, ""));
}

void expect_no_complaints(const NodeFollowers& followers) {
    for (const auto* follower : {&followers.main, &followers.deploys, &followers.sigs}) {
        for (const auto& complaint : follower->complaints()) ADD_FAILURE() << complaint;
    }
}

TEST(Postgresql, NothingIsLostWhenTheServerCrashes) {
    constexpr std::size_t kEvents = 8000;
    const support::TemporaryFolder folder;
    const auto record = folder.path() / "produced.jsonl";
    PostgresqlServer server;
    constexpr std::size_t kBefore = kEvents / 4;
    SimulatedNetwork network(folder.path(), {"--rate", "800", "--events", std::to_string(kBefore), "--buffer",
                                             "60000", "--step-size", "2MB", "--record", record.string()});
    auto sidecar = make_sidecar(folder.path(), server, network.nodes(), "one");
    sidecar.start();
    const NodeFollowers followers(sidecar.port());

    std::size_t outages = 0;
    std::size_t produced = kBefore;
    for (const std::size_t more : {kEvents / 4, kEvents / 2}) {
        ASSERT_TRUE(support::eventually([&] { return followers.count() == produced; }, 60s)) << sidecar.log();
        server.stop_immediately();
        produced += more;
        network.control("POST", fmt::format("/start?events={}", more));
        ++outages;
        ASSERT_TRUE(support::eventually([&] {
            return count_of(sidecar.log(), "events cannot be stored") == outages;
        })) << sidecar.log();
        server.start();
    }
    EXPECT_TRUE(support::eventually([&] { return followers.count() >= kEvents; }, 60s))
        << followers.count() << "\n"
        << sidecar.log();
    sidecar.kill();
    sidecar.start();
    EXPECT_EQ(sidecar.stop(), 0) << sidecar.log();
    expect_no_complaints(followers);
    expect_complete(followers.together(), lines_of(support::read_file(record)));
    EXPECT_EQ(sidecar.log().find(PostgresqlServer::kPassword), std::string::npos);
}

TEST(Postgresql, ThreeSidecarsOnOneDatabaseServeTheSameBytes) {
    constexpr std::size_t kEvents = 8000;
    const support::TemporaryFolder folder;
    const auto record = folder.path() / "produced.jsonl";
    PostgresqlServer server;
    SimulatedNetwork network(folder.path(), {"--rate", "800", "--events", std::to_string(kEvents), "--buffer",
                                             "60000", "--step-size", "1500KB", "--record", record.string()});
    std::vector<Sidecar> sidecars;
    std::vector<std::unique_ptr<NodeFollowers>> followers;
    auto nodes = network.nodes();
    for (const auto* name : {"one", "two", "three"}) {
        sidecars.push_back(make_sidecar(folder.path(), server, nodes, name));
        std::ranges::rotate(nodes, nodes.begin() + 1);
    }
    for (auto& sidecar : sidecars) {
        sidecar.start();
        followers.push_back(std::make_unique<NodeFollowers>(sidecar.port()));
    }
    const auto all_reach = [&](std::size_t goal) {
        return support::eventually(
            [&] {
                return std::ranges::all_of(followers, [&](const auto& one) { return one->count() >= goal; });
            },
            60s);
    };
    std::vector<std::uint16_t> ports;
    for (const auto& sidecar : sidecars) ports.push_back(sidecar.port());
    const NodeFollowers hopping(ports, 150);

    const auto kill = [](Sidecar& victim) {
        victim.kill();
        victim.start();
    };
    const auto hold = [&](Sidecar& victim) {
        const auto before = followers[0]->count() + followers[1]->count() + followers[2]->count();
        victim.process().signal(SIGSTOP);
        EXPECT_TRUE(support::eventually([&] {
            return followers[0]->count() + followers[1]->count() + followers[2]->count() >= before + 1000;
        })) << "the others do not go on";
        victim.process().signal(SIGCONT);
    };
    const auto end_connections = [&](Sidecar&) {
        (void)server.query(kDatabase,
                           "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                           "WHERE application_name = 'event-sidecar'");
    };
    const auto crash_server = [&](Sidecar&) {
        server.stop_immediately();
        server.start();
    };
    const std::vector<std::function<void(Sidecar&)>> troubles{kill,         hold, end_connections,
                                                              crash_server, hold, kill};
    std::mt19937 random(7);
    for (std::size_t round = 0; round < troubles.size(); ++round) {
        ASSERT_TRUE(all_reach((round + 1) * kEvents / (troubles.size() + 2))) << sidecars[0].log();
        troubles[round](sidecars[random() % sidecars.size()]);
    }
    ASSERT_TRUE(all_reach(kEvents)) << followers[0]->count() << " " << followers[1]->count() << " "
                                    << followers[2]->count() << "\n"
                                    << sidecars[0].log();
    const auto produced = lines_of(support::read_file(record));
    for (const auto& one : followers) {
        expect_no_complaints(*one);
        expect_complete(one->together(), produced);
        EXPECT_EQ(digest_of(one->main), digest_of(followers[0]->main));
        EXPECT_EQ(digest_of(one->deploys), digest_of(followers[0]->deploys));
        EXPECT_EQ(digest_of(one->sigs), digest_of(followers[0]->sigs));
    }
    EXPECT_TRUE(support::eventually([&] { return hopping.count() >= kEvents; })) << hopping.count();
    expect_no_complaints(hopping);
    expect_complete(hopping.together(), produced);
    EXPECT_GT(hopping.main.connections(), 3U);
    for (auto& sidecar : sidecars) EXPECT_EQ(sidecar.stop(), 0) << sidecar.log();
}

TEST(Postgresql, AnUnreachableDatabaseIsOneClearLine) {
    const support::TemporaryFolder folder;
    const auto port = support::free_port();
    Sidecar::Settings settings;
    settings.nodes = {{support::free_port(), support::free_port()}};
    settings.database_section = fmt::format(
        "[storage.postgresql_config]\nhost = \"127.0.0.1\"\nport = {}\ndatabase_name = \"feed\"\n"
        "database_username = \"someone\"\ndatabase_password = \"hunter2-hunter2\"\n",
        port);
    Sidecar sidecar(folder.path(), settings);
    sidecar.launch();
    EXPECT_EQ(sidecar.process().wait(), 1);
    const auto log = sidecar.log();
    EXPECT_NE(log.find(fmt::format("PostgreSQL database \"feed\" at 127.0.0.1:{} as user \"someone\"", port)),
              std::string::npos)
        << log;
    EXPECT_NE(log.find("refused"), std::string::npos) << log;
    EXPECT_NE(log.find("check that the server runs"), std::string::npos) << log;
    EXPECT_EQ(log.find("hunter2"), std::string::npos) << log;
}

}  // namespace
}  // namespace integration
