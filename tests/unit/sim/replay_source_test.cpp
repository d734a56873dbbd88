#include "sim/replay_source.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "sim/payload_edit.h"
#include "support/paths.h"

namespace {

using base::Kind;

class Replay : public testing::Test {
  protected:
    Replay()
        : file_(std::filesystem::temp_directory_path() /
                ("replay_" + std::to_string(::getpid()) + ".jsonl")) {}
    ~Replay() override { std::filesystem::remove(file_); }

    void write(std::string_view text) const { std::ofstream(file_, std::ios::binary) << text; }

    std::filesystem::path file_;
};

TEST(KindOfPayload, IsTheFirstMembersName) {
    EXPECT_EQ(sim::kind_of_payload(R"({"Fault":{"era_id":1}})"), Kind::Fault);
    EXPECT_EQ(sim::kind_of_payload(R"( { "DeployExpired" :{ "deploy_hash":"x"}})"), Kind::DeployExpired);
    EXPECT_EQ(sim::kind_of_payload(R"("Shutdown")"), Kind::Shutdown);
    EXPECT_EQ(sim::kind_of_payload(R"({"ApiVersion":"1.5.6"})"), Kind::ApiVersion);
    for (const auto* wrong : {"", "{}", "x", R"("Fault")", R"({"Shutdown":1})", R"({"Other":{}})",
                              R"({"Fault"})", R"("Shutdown)", R"("Shutdown" x)"}) {
        EXPECT_FALSE(sim::kind_of_payload(wrong)) << wrong;
    }
    EXPECT_EQ(sim::version_of_payload(R"({"ApiVersion": "1.5.6"})"), "1.5.6");
    EXPECT_EQ(sim::version_of_payload(R"({"ApiVersion":"x"})"), "");
}

TEST_F(Replay, GivesTheLinesByteForByte) {
    write(
        "{\"ApiVersion\":\"1.0.0\"}\n\n{ \"Fault\":{ "
        "\"era_id\":1}}\r\n\"Shutdown\"\n{\"Step\":{\"era_id\":2}}");
    const auto source = sim::ReplaySource::open(file_).value();
    EXPECT_EQ(source->next()->kind, Kind::ApiVersion);
    const auto fault = source->next();
    EXPECT_EQ(fault->payload, "{ \"Fault\":{ \"era_id\":1}}");
    EXPECT_EQ(fault->filter, base::Filter::Main);
    EXPECT_EQ(source->next()->kind, Kind::Shutdown);
    EXPECT_EQ(source->next()->payload, "{\"Step\":{\"era_id\":2}}");
    EXPECT_FALSE(source->next());
}

TEST_F(Replay, NamesTheFirstBadLine) {
    write("{\"Fault\":{}}\n{\"Nothing\":{}}\n");
    const auto source = sim::ReplaySource::open(file_);
    ASSERT_FALSE(source);
    EXPECT_NE(source.error().message.find("line 2"), std::string::npos) << source.error().message;
    EXPECT_FALSE(sim::ReplaySource::open("no/such/file.jsonl"));
}

TEST(Stamp, IsAMemberOfTheInnerObjectAndAlwaysOfOneSize) {
    std::string payload = R"({"Fault":{"era_id":1}})";
    const auto size = payload.size();
    sim::add_stamp(payload, std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000)));
    EXPECT_EQ(payload.size(), size + sim::kStampSize);
    const auto document = nlohmann::json::parse(payload);
    EXPECT_EQ(document.at("Fault").at("sent_at_ns"), 1'700'000'000'000'000'000);
    EXPECT_EQ(document.at("Fault").at("era_id"), 1);

    std::string bare = "\"Shutdown\"";
    sim::add_stamp(bare, std::chrono::system_clock::now());
    EXPECT_EQ(bare, "\"Shutdown\"");
}

TEST(RealPayloads, AreKnownByTheirFirstMember) {
    const std::filesystem::path folder = support::captured_payloads();
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no captured payloads on this machine";
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        if (file.path().extension() != ".jsonl") continue;
        const auto source = sim::ReplaySource::open(file.path());
        EXPECT_TRUE(source) << file.path();
    }
}

}  // namespace
