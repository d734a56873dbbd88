#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "integration/support_check.h"
#include "support/paths.h"
#include "support/programs.h"

namespace integration {
namespace {

using namespace std::chrono_literals;
using support::Follower;
using support::Sidecar;
using support::SimulatedNetwork;

/// The line itself; for a Step its era, as files of captures hold several of one era, which are one event to
/// us.
std::string identity_of(const std::string& payload) {
    return payload.starts_with("{\"Step\"") ? payload.substr(0, payload.find(',')) : payload;
}

/// Replays a file on three nodes and compares what came out, of all endpoints together.
void expect_to_pass_through(const std::filesystem::path& file) {
    const support::TemporaryFolder folder;
    SimulatedNetwork network(folder.path(),
                             {"--replay", file.string(), "--rate", "200", "--wait-for-subscribers", "1"});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    const Follower main(sidecar.port(), "/events/main");
    const Follower deploys(sidecar.port(), "/events/deploys");
    const Follower sigs(sidecar.port(), "/events/sigs");

    std::map<std::string, std::set<std::string>> expected;
    for (const auto& line : lines_of(support::read_file(file))) {
        if (line.find("\"ApiVersion\"") == std::string::npos && line != "\"Shutdown\"") {
            expected[identity_of(line)].insert(line);
        }
    }
    const auto received = [&] {
        std::vector<std::string> all;
        for (const auto* follower : {&main, &deploys, &sigs}) {
            for (auto& event : follower->received()) {
                if (event.data != "\"Shutdown\"") all.push_back(std::move(event.data));
            }
        }
        return all;
    };
    EXPECT_TRUE(support::eventually([&] { return received().size() == expected.size(); }))
        << file << ": " << received().size() << " of " << expected.size() << "\n"
        << sidecar.log();
    for (const auto& payload : received()) {
        EXPECT_TRUE(expected[identity_of(payload)].contains(payload))
            << "changed: " << payload.substr(0, 200);
        expected.erase(identity_of(payload));
    }
}

TEST(Payload, OddJsonPassesThroughByteForByte) {
    const support::TemporaryFolder folder;
    const auto file = folder.path() / "odd.jsonl";
    const std::string hash(64, 'a');
    const std::string other(64, 'b');
    support::write_file(
        file,
        fmt::format(
            "{{\"ApiVersion\":\"1.5.6\"}}\n"
            "{{ \"DeployExpired\" :\t{{ \"deploy_hash\":\"{}\" ,\"x\": [1.0e+5, -0, null, \"\\u00e9 é \\\" "
            "\\\\\"] }} }}  \n"
            "{{\"Fault\":{{\"era_id\":18446744073709551615,\"public_key\":\"01{}\",\"timestamp\":\"\"}}}}\n"
            "{{\"Step\":{{\"era_id\":7,\"execution_effect\":\"{}\"}}}}\n",
            hash, other, std::string(3'000'000, 'z')));
    expect_to_pass_through(file);
}

TEST(Payload, RealEventsPassThroughByteForByte) {
    const auto data = support::captured_payloads();
    std::size_t files = 0;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(data, missing)) {
        if (entry.path().extension() != ".jsonl") continue;
        ++files;
        expect_to_pass_through(entry.path());
    }
    RecordProperty("files", static_cast<int>(files));
}

TEST(Payload, AStepOfThirtyMegabytesOfThreeNodesIsOneEvent) {
    const support::TemporaryFolder folder;
    SimulatedNetwork network(folder.path(), {"--rate", "1", "--kind", "Step", "--payload-size", "30MB",
                                             "--events", "1", "--wait-for-subscribers", "1", "--record",
                                             (folder.path() / "produced.jsonl").string()});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    const Follower main(sidecar.port(), "/events/main");
    const Follower other(sidecar.port(), "/events/main");
    ASSERT_TRUE(support::eventually([&] { return main.count() == 1 && other.count() == 1; }, 60s))
        << sidecar.log();
    const auto produced = lines_of(support::read_file(folder.path() / "produced.jsonl"));
    ASSERT_EQ(produced.size(), 1U);
    EXPECT_EQ(produced.front().size(), 30'000'000U);
    EXPECT_TRUE(main.received().front().data == produced.front());
    sidecar.kill();
    sidecar.start();
    const Follower late(sidecar.port(), "/events/main");
    ASSERT_TRUE(support::eventually([&] { return late.count() == 1; }, 60s)) << sidecar.log();
    EXPECT_TRUE(late.received().front().data == produced.front());
}

}  // namespace
}  // namespace integration
