#include "upstream/classifier.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <string>

#include "base/event_traits.h"
#include "support/paths.h"
#include "upstream/kind_members.h"
#include "upstream/natural_key.h"

namespace upstream {
namespace {

using base::Kind;

const std::string kHash(64, 'a');
const std::string kKey = "01" + std::string(64, 'b');

base::KeyBytes hash_bytes() {
    return base::KeyBytes(32, 0xaa);
}
base::KeyBytes key_bytes() {
    base::KeyBytes key(33, 0xbb);
    key[0] = 1;
    return key;
}
base::KeyBytes odd(std::string_view text) {
    return key_of_odd_text(text);
}

base::Event classify(const std::string& payload) {
    Classifier classifier;
    base::Event event;
    const auto outcome = classifier.classify(payload, event);
    EXPECT_TRUE(outcome) << payload.substr(0, 200) << ": " << (outcome ? "" : outcome.error().detail);
    return event;
}

std::string problem_of(const std::string& payload) {
    Classifier classifier;
    base::Event event;
    const auto outcome = classifier.classify(payload, event);
    if (outcome) return "none";
    switch (outcome.error().problem) {
        case ClassifyProblem::Unreadable:
            return "unreadable";
        case ClassifyProblem::UnknownKind:
            return "unknown kind";
        case ClassifyProblem::MissingKey:
            return "missing key";
        case ClassifyProblem::BadVersion:
            return "bad version";
    }
    return "?";
}

TEST(Classifier, BlockAdded) {
    const auto event = classify(
        R"({"BlockAdded":{"block_hash":")" + kHash +
        R"(","block":{"hash":"x","header":{"era_end":{"height":9},"era_id":7,"height":8},"body":{"height":1}}}})");
    EXPECT_EQ(event.kind, Kind::BlockAdded);
    EXPECT_EQ(event.key.first, hash_bytes());
    EXPECT_TRUE(event.key.second.empty());
    EXPECT_EQ(event.block_hash, hash_bytes());
    EXPECT_EQ(event.height, 8U);
    EXPECT_EQ(event.era, 7U);
}

TEST(Classifier, DeployAccepted) {
    const auto event =
        classify(R"({"DeployAccepted":{"hash":")" + kHash + R"(","header":{"account":")" + kKey + R"("}}})");
    EXPECT_EQ(event.kind, Kind::DeployAccepted);
    EXPECT_EQ(event.key.first, hash_bytes());
    EXPECT_EQ(event.account, key_bytes());
}

TEST(Classifier, DeployProcessed) {
    const auto event = classify(R"({"DeployProcessed":{"account":")" + kKey + R"(","block_hash":")" + kHash +
                                R"(","deploy_hash":")" + std::string(64, 'C') + R"("}})");
    EXPECT_EQ(event.kind, Kind::DeployProcessed);
    EXPECT_EQ(event.key.first, base::KeyBytes(32, 0xcc));
    EXPECT_EQ(event.block_hash, hash_bytes());
    EXPECT_EQ(event.account, key_bytes());
}

TEST(Classifier, DeployExpired) {
    const auto event = classify(" {\t\"DeployExpired\" :\n{ \"deploy_hash\" : \"" + kHash + "\" } }\r\n");
    EXPECT_EQ(event.kind, Kind::DeployExpired);
    EXPECT_EQ(event.key.first, hash_bytes());
}

TEST(Classifier, FaultWithAnEraAboveTwoToThe63) {
    const auto event = classify(R"({"Fault":{"era_id":18446744073709551615,"public_key":"02)" +
                                std::string(66, 'b') + R"("}})");
    EXPECT_EQ(event.kind, Kind::Fault);
    EXPECT_EQ(event.era, 18446744073709551615U);
    EXPECT_EQ(event.key.first, base::KeyBytes(8, 0xff));
    EXPECT_EQ(event.key.second.size(), 34U);
}

TEST(Classifier, FinalitySignature) {
    const auto event = classify(R"({"FinalitySignature":{"block_hash":")" + kHash +
                                R"(","era_id":3,"public_key":")" + kKey + R"("}})");
    EXPECT_EQ(event.kind, Kind::FinalitySignature);
    EXPECT_EQ(event.key.first, hash_bytes());
    EXPECT_EQ(event.key.second, key_bytes());
    EXPECT_EQ(event.block_hash, hash_bytes());
    EXPECT_EQ(event.era, 3U);
}

TEST(Classifier, Step) {
    const auto event = classify(R"({"Step":{"execution_effect":{"era_id":9},"era_id":258}})");
    EXPECT_EQ(event.kind, Kind::Step);
    EXPECT_EQ(event.key.first, (base::KeyBytes{0, 0, 0, 0, 0, 0, 1, 2}));
    EXPECT_EQ(event.era, 258U);
}

TEST(Classifier, ShutdownAndApiVersion) {
    EXPECT_EQ(classify(R"("Shutdown")").kind, Kind::Shutdown);
    EXPECT_EQ(classify("  \"Shutdown\" \n").kind, Kind::Shutdown);
    const auto event = classify(R"({"ApiVersion":"1.5.6"})");
    EXPECT_EQ(event.kind, Kind::ApiVersion);
    EXPECT_EQ(event.api_version, (base::ApiVersion{1, 5, 6}));
    EXPECT_EQ(problem_of(R"({"ApiVersion":"one"})"), "bad version");
    EXPECT_EQ(problem_of(R"({"ApiVersion":1})"), "bad version");
    EXPECT_EQ(problem_of(R"({"ApiVersion":[1,2]})"), "bad version");
    EXPECT_EQ(problem_of(R"({"ApiVersion":[1,2})"), "unreadable");
}

TEST(Classifier, UnknownKinds) {
    EXPECT_EQ(problem_of(R"({"TransactionAccepted":{"a":[1,{"b":null}]}})"), "unknown kind");
    EXPECT_EQ(problem_of(R"("Startup")"), "unknown kind");
    EXPECT_EQ(problem_of(R"({"blockadded":{}})"), "unknown kind");
    EXPECT_EQ(problem_of(R"({"TransactionAccepted":{"a":[1,{"b":null]}})"), "unreadable");
}

TEST(Classifier, MissingKeys) {
    EXPECT_EQ(problem_of(R"({"DeployExpired":{}})"), "missing key");
    EXPECT_EQ(problem_of(R"({"DeployExpired":{"deploy_hash":null}})"), "missing key");
    EXPECT_EQ(problem_of(R"({"DeployExpired":{"deploy_hash":{"a":1}}})"), "missing key");
    EXPECT_EQ(problem_of(R"({"DeployExpired":{"deploy_hash":")" + std::string(5000, 'a') + R"("}})"),
              "missing key");
    EXPECT_EQ(problem_of(R"({"DeployExpired":"x"})"), "missing key");
    EXPECT_EQ(problem_of(R"("DeployExpired")"), "missing key");
    EXPECT_EQ(problem_of(R"({"Fault":{"era_id":1}})"), "missing key");
    EXPECT_EQ(problem_of(R"({"DeployExpired":{"deploy_hash":12}})"), "missing key");
    EXPECT_EQ(problem_of(R"({"DeployExpired":{"deploy_hash":""}})"), "missing key");
    EXPECT_EQ(problem_of(R"({"Step":{"era_id":-1}})"), "missing key");
    EXPECT_EQ(problem_of(R"({"Step":{"era_id":"5"}})"), "missing key");
    EXPECT_EQ(problem_of(R"({"Fault":{"public_key":"01"}})"), "missing key");
}

TEST(Classifier, OddKeysAreKeptAsText) {
    EXPECT_EQ(classify(R"({"DeployExpired":{"deploy_hash":"abc"}})").key.first, odd("abc"));
    EXPECT_EQ(classify(R"({"DeployExpired":{"deploy_hash":"a\u0041\n"}})").key.first, odd("aA\n"));
    const std::string not_hex = std::string(63, 'a') + "g";
    EXPECT_EQ(classify(R"({"DeployExpired":{"deploy_hash":")" + not_hex + R"("}})").key.first, odd(not_hex));
}

TEST(Classifier, EscapedNamesAndValues) {
    const auto event =
        classify(R"({"\u0044eployExpired":{"deploy\u005fhash":"\u0061)" + std::string(63, 'a') + R"("}})");
    EXPECT_EQ(event.kind, Kind::DeployExpired);
    EXPECT_EQ(event.key.first, hash_bytes());
}

TEST(Classifier, TheFirstOfTwoMembersCounts) {
    const auto event = classify(R"({"DeployExpired":{"deploy_hash":"one","deploy_hash":"two"}})");
    EXPECT_EQ(event.key.first, odd("one"));
}

TEST(Classifier, NothingIsLeftOfTheEventBefore) {
    Classifier classifier;
    base::Event event;
    ASSERT_TRUE(classifier.classify(R"({"FinalitySignature":{"block_hash":"a","era_id":3,"public_key":"b"}})",
                                    event));
    ASSERT_TRUE(classifier.classify(R"({"DeployExpired":{"deploy_hash":"c"}})", event));
    EXPECT_FALSE(event.era);
    EXPECT_TRUE(event.block_hash.empty());
    EXPECT_TRUE(event.key.second.empty());
}

TEST(Classifier, Unreadable) {
    for (const char* payload : {"",
                                " ",
                                "{}",
                                "[]",
                                "1",
                                "null",
                                "{",
                                "}",
                                "[1]",
                                R"({"Step":{"era_id":1}} x)",
                                R"({"Step":{"era_id":1}}})",
                                R"({"Step":{"era_id":1},"Fault":{}})",
                                R"({"Step":{"era_id":1}}{"Step":{"era_id":1}})",
                                R"("Shutdown" "Shutdown")",
                                R"("Shutdown)",
                                R"("Shutdown"x)",
                                R"({"Step":{"era_id":1,"a":[1,2}]})",
                                R"({"Step":{"era_id":1,"a":[1 2]}})",
                                R"({"Step":{"era_id":1,"a":[1,]}})",
                                R"({"Step":{"era_id":1,}})",
                                R"({"Step":{"era_id":1 "a":2}})",
                                R"({"Step":{"era_id":1,"a" 2}})",
                                R"({"Step":{"era_id":1,"a":tru}})",
                                R"({"Step":{"era_id":1,"a":01}})",
                                R"({"Step":{"era_id":1,"a":1.}})",
                                R"({"Step":{"era_id":1,"a":"\x"}})",
                                R"({"Step":{"era_id":1,"a":"\u12g4"}})",
                                R"({"Step":{"era_id":1,"\x":2}})",
                                R"({"Step":{"era_id":1,2:3}})",
                                R"({"Step":})",
                                R"({"Step"})",
                                R"({"Step":{"era_id":}})",
                                "{\"Step\":{\"era_id\":1,\"a\":\"\xff\"}}",
                                "{\"Step\":{\"era_id\":1,\"a\":\"\n\"}}"}) {
        EXPECT_EQ(problem_of(payload), "unreadable") << payload;
    }
    EXPECT_EQ(
        problem_of(R"({"Step":{"era_id":1,"a":)" + std::string(2000, '[') + std::string(2000, ']') + "}}"),
        "unreadable");
}

TEST(Classifier, ScalarsOfEveryFormAreFine) {
    const auto event = classify(
        R"({"Step":{"a":[0,-0,1.5,-2e10,3E-5,4e+6,123456789012345678901234567890,true,false,null,"","\"\\\/\b\f\n\r\t\u00e9"],"era_id":1}})");
    EXPECT_EQ(event.era, 1U);
}

TEST(Classifier, EveryTruncationIsUnreadable) {
    const std::string payload = R"({"FinalitySignature":{"block_hash":")" + kHash +
                                R"(","era_id":12,"public_key":")" + kKey + R"(","a":[1,{"b":true}],"c":{}}})";
    ASSERT_EQ(problem_of(payload), "none");
    for (std::size_t size = 0; size < payload.size(); ++size) {
        EXPECT_EQ(problem_of(payload.substr(0, size)), "unreadable") << size;
    }
}

TEST(Classifier, OccurrenceKeysTellEveryCopyApart) {
    const auto key =
        occurrence_key({'n', 'o', 'd', 'e'}, base::Filter::Sigs, {.event_id = 258, .generation = 3});
    EXPECT_EQ(key.first, (base::KeyBytes{'n', 'o', 'd', 'e'}));
    EXPECT_EQ(key.second, (base::KeyBytes{2, 0, 0, 0, 3, 0, 0, 1, 2}));
}

TEST(Classifier, ANodeIsKnownByItsKeyOrElseByTheNamesOfSidecarAndNode) {
    const std::string key = "01" + std::string(64, 'a');
    const auto identity = node_identity(key, "one", "127.0.0.1:9999");
    EXPECT_EQ(identity.size(), 33U);
    EXPECT_EQ(identity, node_identity(key, "two", "validator")) << "two sidecars read the same node";
    EXPECT_NE(identity, node_identity("02" + std::string(66, 'a'), "one", "127.0.0.1:9999"))
        << "two nodes on machines of their own";
    const auto named = node_identity(std::nullopt, "one", "127.0.0.1:9999");
    EXPECT_EQ(named, node_identity("", "one", "127.0.0.1:9999"));
    EXPECT_NE(named, node_identity(std::nullopt, "two", "127.0.0.1:9999"));
    EXPECT_NE(node_identity(std::nullopt, "on", "ee"), node_identity(std::nullopt, "one", "e"));
    EXPECT_NE(node_identity("odd", "one", "n"), named);
}

TEST(Classifier, EventsHaveTheTraitsThatTheTableOfTraitsSays) {
    for (const auto& row : base::kKinds) {
        const auto fills = [&row](EventPart part) {
            return std::ranges::find(field_members(row.kind), part, &Member::part) !=
                   field_members(row.kind).end();
        };
        EXPECT_EQ(base::has_trait(row.kind, base::Trait::Era), fills(EventPart::Era)) << row.name;
        EXPECT_EQ(base::has_trait(row.kind, base::Trait::Account), fills(EventPart::Account)) << row.name;
        const bool is_of_deploy = row.key == base::KeyShape::DeployHash || row.key == base::KeyShape::Hash;
        EXPECT_EQ(base::has_trait(row.kind, base::Trait::DeployHash), is_of_deploy) << row.name;
    }
}

TEST(Classifier, RealPayloads) {
    const std::filesystem::path folder = support::captured_payloads();
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no captured payloads beside the project";

    std::map<Kind, int> seen;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        if (file.path().extension() != ".jsonl") continue;
        std::ifstream lines(file.path());
        for (std::string line; std::getline(lines, line);) {
            if (line.empty()) continue;
            const auto event = classify(line);
            ++seen[event.kind];
            const auto& row = base::row_of(event.kind);
            const bool has_key = row.key != base::KeyShape::None && row.key != base::KeyShape::Occurrence;
            const bool is_era = row.key == base::KeyShape::Era || row.key == base::KeyShape::EraPublicKey;
            if (has_key && line.find("7ecf22fc284526c6") == std::string::npos) {
                EXPECT_EQ(event.key.first.size(), is_era ? 8U : 32U)
                    << file.path() << ' ' << line.substr(0, 100);
            }
            if (event.kind == Kind::BlockAdded) {
                EXPECT_TRUE(event.height && event.era);
                EXPECT_EQ(event.block_hash.size(), 32U);
            }
            if (event.kind == Kind::DeployProcessed || event.kind == Kind::DeployAccepted) {
                EXPECT_GE(event.account.size(), 33U);
            }
        }
    }
    EXPECT_EQ(seen.size(), base::kKinds.size());
}

}  // namespace
}  // namespace upstream
