#include "sim/simulation.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <sstream>

#include "network.h"

namespace {

using namespace std::chrono_literals;
using sim_test::Network;

sim::Options fast_options() {
    sim::Options options;
    options.nodes = 1;
    options.until_close = true;
    options.chain.validators = 10;
    options.chain.blocks_per_era = 3;
    options.chain.step_size = 100'000;
    options.production.rate = 20'000;
    options.production.paused = true;
    return options;
}

std::vector<std::string> data_lines(const std::string& received) {
    std::vector<std::string> lines;
    std::istringstream input(received);
    for (std::string line; std::getline(input, line);) {
        if (line.starts_with("data:") && !line.starts_with("data:{\"ApiVersion\""))
            lines.push_back(line.substr(5));
    }
    return lines;
}

std::vector<std::uint32_t> ids(const std::string& received) {
    std::vector<std::uint32_t> found;
    std::istringstream input(received);
    for (std::string line; std::getline(input, line);) {
        if (line.starts_with("id:")) found.push_back(static_cast<std::uint32_t>(std::stoul(line.substr(3))));
    }
    return found;
}

/// All that a node has sent on its three endpoints, from the first event on; its ids are dense over them.
std::vector<std::string> everything(const Network& network, std::size_t node) {
    const auto chain = network.ask("GET", "/chain");
    const std::size_t deploys = chain["by_kind"]["DeployAccepted"];
    const std::size_t sigs = chain["by_kind"]["FinalitySignature"];
    const std::size_t total = chain["events"];
    const std::vector<std::pair<std::string, std::size_t>> endpoints{
        {"main", total - deploys - sigs}, {"deploys", deploys}, {"sigs", sigs}};

    std::vector<std::string> all;
    std::vector<std::uint32_t> all_ids;
    for (const auto& [endpoint, count] : endpoints) {
        auto client = network.stream("/events/" + endpoint + "?start_from=0", node);
        EXPECT_TRUE(client.read_until([&](const std::string& text) { return ids(text).size() >= count; }))
            << endpoint;
        for (auto& line : data_lines(client.received())) all.push_back(std::move(line));
        for (const auto id : ids(client.received())) all_ids.push_back(id);
    }
    std::sort(all_ids.begin(), all_ids.end());
    EXPECT_EQ(all_ids.size(), total);
    for (std::size_t i = 0; i < all_ids.size(); ++i) EXPECT_EQ(all_ids[i], i);
    return all;
}

TEST(Simulation, StreamsBeginWithTheVersionAndGoOnWithDataBeforeId) {
    const Network network(fast_options());
    auto client = network.stream("/events/sigs");
    ASSERT_TRUE(client.read_until_contains("\r\n\r\ndata:{\"ApiVersion\":\"1.5.6\"}\n\n"));
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_NE(client.received().find("content-type: text/event-stream"), std::string::npos);
    network.produce(60);
    ASSERT_TRUE(client.read_until_contains("data:{\"FinalitySignature\":{"));
    ASSERT_TRUE(client.read_until([](const std::string& all) { return !ids(all).empty(); }));
    EXPECT_EQ(client.received().find("event:"), std::string::npos);
}

TEST(Simulation, Http11IsChunked) {
    auto options = fast_options();
    options.until_close = false;
    const Network network(options);
    auto client = network.stream("/events/main");
    EXPECT_TRUE(client.read_until_contains("transfer-encoding: chunked"));
    EXPECT_TRUE(client.read_until_contains("1d\r\ndata:{\"ApiVersion\":\"1.5.6\"}\n\n\r\n"));
    auto old = network.stream("/events/main", 1, "1.0");
    EXPECT_TRUE(old.read_until_contains("\r\n\r\ndata:{\"ApiVersion\""));
}

TEST(Simulation, EveryNodeSendsEveryEventOnceInItsOwnOrder) {
    auto options = fast_options();
    options.nodes = 2;
    options.production.max_skew = 50ms;
    const Network network(options);
    network.produce(400);
    auto one = everything(network, 1);
    auto two = everything(network, 2);
    EXPECT_FALSE(one == two);
    std::sort(one.begin(), one.end());
    std::sort(two.begin(), two.end());
    EXPECT_TRUE(one == two);
    EXPECT_EQ(std::set<std::string>(one.begin(), one.end()).size(), 400U);
    EXPECT_EQ(network.ask("GET", "/chain")["events"], 400);
}

TEST(Simulation, AStepOfThirtyMegabytesArrivesWhole) {
    auto options = fast_options();
    options.kind = base::Kind::Step;
    options.payload_size = 30'000'000;
    options.until_close = false;
    const Network network(options);
    network.produce(1);
    auto client = network.stream("/events/main?start_from=0");
    ASSERT_TRUE(client.read_until([](const std::string& all) { return all.ends_with("\nid:0\n\n\r\n"); }));
    EXPECT_GT(client.received().size(), 30'000'000U);
    EXPECT_LT(client.received().size(), 30'001'000U);
}

TEST(Simulation, StatusLooksLikeANodes) {
    const Network network(fast_options());
    network.produce(60);
    const auto answer = support::fetch(network.rest_port(), "GET /status HTTP/1.1\r\n");
    const auto status = nlohmann::json::parse(support::body_of(answer));
    EXPECT_EQ(status["build_version"], "1.5.6");
    EXPECT_EQ(status["chainspec_name"], "casper-net-sim");
    EXPECT_GE(status["last_added_block_info"]["height"], 1);
    EXPECT_EQ(status["our_public_signing_key"].get<std::string>().size() / 2, 33U);

    network.fault("status network=other version=1.0.0");
    const auto told = support::fetch(network.rest_port(), "GET /status HTTP/1.1\r\n");
    EXPECT_NE(told.find(R"("chainspec_name":"other")"), std::string::npos);
    EXPECT_NE(told.find(R"("build_version":"1.0.0")"), std::string::npos);
}

TEST(Simulation, OtherPathsAndQueriesAreErrors) {
    const Network network(fast_options());
    EXPECT_TRUE(network.stream("/events").read_until_contains("404 Not Found"));
    EXPECT_TRUE(network.stream("/events/main?start_from=x").read_until_contains("422 Unprocessable Entity"));
    EXPECT_TRUE(network.stream("/events/main?start_from=4294967296").read_until_contains("422 "));
    EXPECT_TRUE(network.stream("/events/main?start_from=1&x=2").read_until_contains("422 "));
    network.fault("answer status=500 endpoint=sigs");
    EXPECT_TRUE(network.stream("/events/sigs").read_until_contains("HTTP/1.1 500 "));
    EXPECT_TRUE(network.stream("/events/main").read_until_contains("HTTP/1.1 200 "));
}

TEST(Simulation, IdsWrapOnTheWire) {
    auto options = fast_options();
    options.first_id = 4'294'967'290;
    options.kind = base::Kind::FinalitySignature;
    const Network network(options);
    network.produce(10);
    auto client = network.stream("/events/sigs?start_from=4294967294");
    ASSERT_TRUE(client.read_until([](const std::string& all) { return ids(all).size() == 6; }));
    EXPECT_EQ(ids(client.received()), (std::vector<std::uint32_t>{4'294'967'294, 4'294'967'295, 0, 1, 2, 3}));
}

TEST(Simulation, AnIdleStreamGetsKeepAlivesAndASilentOneNothing) {
    auto options = fast_options();
    options.keep_alive = 20ms;
    const Network network(options);
    auto client = network.stream("/events/main");
    ASSERT_TRUE(client.read_until_contains("}\n\n:\n\n:\n\n"));
    network.fault("silent");
    EXPECT_EQ(network.node_state()["silent"], true);
    network.produce(100);
    EXPECT_FALSE(client.read_until_contains("data:{\"BlockAdded", 100ms));
    network.fault("resume");
    EXPECT_TRUE(client.read_until_contains("data:{\"BlockAdded"));
}

TEST(Simulation, AnIdleStreamGoesOnHoweverManyEventsOfOthersTheBufferForgets) {
    auto options = fast_options();
    options.kind = base::Kind::FinalitySignature;
    options.payload_size = 500;
    options.buffer = 20;
    options.keep_alive = 20ms;
    const Network network(options);
    auto client = network.stream("/events/main");
    ASSERT_TRUE(client.read_until_contains("}\n\n:\n\n"));
    network.produce(100);
    const auto before = client.received().size();
    EXPECT_TRUE(client.read_until([&](const std::string& all) { return all.size() >= before + 6; }))
        << "two keep-alives, and no end";
}

TEST(Simulation, DropsOneEndpointOrStopsListeningAndComesBackOnTheSamePorts) {
    const Network network(fast_options());
    auto main = network.stream("/events/main");
    auto sigs = network.stream("/events/sigs");
    ASSERT_TRUE(main.read_until_contains("ApiVersion"));
    ASSERT_TRUE(sigs.read_until_contains("ApiVersion"));
    network.fault("drop endpoint=sigs");
    EXPECT_TRUE(sigs.read_to_end());
    EXPECT_FALSE(main.closed());

    network.fault("stop");
    EXPECT_TRUE(main.read_to_end());
    EXPECT_TRUE(support::eventually([&] {
        try {
            support::RawClient refused(network.sse_port());
            return false;
        } catch (const std::exception&) {
            return true;
        }
    }));
    network.fault("resume");
    ASSERT_TRUE(support::eventually([&] { return network.node_state()["listening"] == true; }));
    EXPECT_TRUE(network.stream("/events/main").read_until_contains("ApiVersion"));
}

TEST(Simulation, ARestartResetsIdsAndEmptiesTheBufferWhenTold) {
    const Network network(fast_options());
    network.produce(50);
    network.fault("restart");
    ASSERT_TRUE(support::eventually([&] { return network.node_state()["listening"] == true; }));
    EXPECT_EQ(network.node_state()["next_id"], 50);
    EXPECT_EQ(network.node_state()["held"], 50);
    network.fault("restart ids=reset buffer=empty");
    ASSERT_TRUE(support::eventually([&] { return network.node_state()["held"] == 0; }));
    EXPECT_EQ(network.node_state()["next_id"], 0);
}

TEST(Simulation, ShutdownGoesToEachEndpointWithAnIdOfItsOwn) {
    const Network network(fast_options());
    std::set<std::uint32_t> seen;
    std::vector<support::RawClient> clients;
    for (const auto* endpoint : {"/events/main", "/events/deploys", "/events/sigs"}) {
        clients.push_back(network.stream(endpoint));
        ASSERT_TRUE(clients.back().read_until_contains("ApiVersion"));
    }
    network.fault("shutdown for=10ms");
    for (auto& client : clients) {
        ASSERT_TRUE(client.read_to_end());
        EXPECT_NE(client.received().find("data:\"Shutdown\"\nid:"), std::string::npos);
        for (const auto id : ids(client.received())) seen.insert(id);
    }
    EXPECT_EQ(seen, (std::set<std::uint32_t>{0, 1, 2}));
    EXPECT_TRUE(support::eventually([&] { return network.node_state()["listening"] == true; }));
}

TEST(Simulation, MalformedFramesAreSentAndTheStreamGoesOn) {
    const Network network(fast_options());
    auto client = network.stream("/events/main");
    ASSERT_TRUE(client.read_until_contains("ApiVersion"));
    network.fault("malformed what=bad-json endpoint=main");
    EXPECT_TRUE(client.read_until_contains("data:{\"BlockAdded\":{\"block_hash\":\"00\nid:0\n\n"));
    network.fault("malformed what=unknown-kind endpoint=main");
    EXPECT_TRUE(client.read_until_contains("data:{\"BlockFinalized\""));
    network.fault("malformed what=half-utf8 endpoint=main");
    EXPECT_TRUE(client.read_until_contains("\xe2\x82\"}}\nid:2\n\n"));
    network.fault("malformed what=garbage endpoint=main");
    EXPECT_TRUE(client.read_until_contains("\x01 this line is no field"));
    network.fault("malformed what=missing-id endpoint=main");
    EXPECT_TRUE(client.read_until_contains("\xe2\x82\"}}\n\n"));
    network.fault("api-version version=1.5.7");
    EXPECT_TRUE(client.read_until_contains("data:{\"ApiVersion\":\"1.5.7\"}\n\n"));
    client.forget_received();
    network.produce(60);
    EXPECT_TRUE(client.read_until_contains("data:{\"BlockAdded\":{\"block_hash\":\""));
}

TEST(Simulation, BreaksOffInTheMiddleOfTheNextEvent) {
    const Network network(fast_options());
    auto client = network.stream("/events/deploys");
    ASSERT_TRUE(client.read_until_contains("ApiVersion"));
    network.fault("half-frame endpoint=deploys");
    network.produce(5);
    ASSERT_TRUE(client.read_to_end());
    EXPECT_NE(client.received().find("data:{\"DeployAccepted\":{"), std::string::npos);
    EXPECT_TRUE(ids(client.received()).empty());
}

TEST(Simulation, APortInUseIsAnErrorThatNamesIt) {
    const Network network(fast_options());
    boost::asio::io_context context;
    auto options = fast_options();
    options.sse_port = network.sse_port();
    options.rest_port = 0;
    const auto second = sim::Simulation::start(context, options, base::make_null_log());
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find(std::to_string(network.sse_port())), std::string::npos);
}

TEST(Simulation, StampsAreWithinTheSizeThatWasAskedFor) {
    auto options = fast_options();
    options.kind = base::Kind::FinalitySignature;
    options.payload_size = 500;
    options.production.stamp = true;
    const Network network(options);
    network.produce(3);
    auto client = network.stream("/events/sigs?start_from=0");
    ASSERT_TRUE(client.read_until([](const std::string& all) { return ids(all).size() == 3; }));
    for (const auto& line : data_lines(client.received())) {
        EXPECT_EQ(line.size(), 500U);
        EXPECT_GT(nlohmann::json::parse(line)["FinalitySignature"]["sent_at_ns"], 1'700'000'000'000'000'000);
    }
}

}  // namespace
