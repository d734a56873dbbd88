#include "storage/rust_payload.h"

#include <gtest/gtest.h>
#include <string>

#include "support/payloads.h"

namespace storage_test {

namespace {

using base::Kind;
using storage::payload_of_rust_row;

TEST(RustPayload, AnInnerObjectGetsTheKindAroundIt) {
    for (const auto kind : support::kObjectKinds)
        EXPECT_EQ(payload_of_rust_row(kind, support::inner_payload(kind, 7)), support::payload(kind, 7));
}

TEST(RustPayload, AWholeEventStaysAsItIs) {
    for (const auto kind : support::kObjectKinds)
        EXPECT_EQ(payload_of_rust_row(kind, support::payload(kind, 7)), support::payload(kind, 7));
    const std::string spaced = " {\n \"Step\" : {\"era_id\":1} }";
    EXPECT_EQ(payload_of_rust_row(Kind::Step, spaced), spaced);
}

TEST(RustPayload, AMemberThatOnlyBeginsLikeTheKindIsNoWholeEvent) {
    EXPECT_EQ(payload_of_rust_row(Kind::Step, R"({"Steps":1})"), R"({"Step":{"Steps":1}})");
    EXPECT_EQ(payload_of_rust_row(Kind::Step, R"({"Step")"), R"({"Step":{"Step"})");
    EXPECT_EQ(payload_of_rust_row(Kind::Step, ""), R"({"Step":})");
}

TEST(RustPayload, AnExpiredDeployMayBeItsHashAlone) {
    const auto hash = support::hash_text(9);
    const auto expected = R"({"DeployExpired":{"deploy_hash":")" + hash + R"("}})";
    EXPECT_EQ(payload_of_rust_row(Kind::DeployExpired, hash), expected);
    EXPECT_EQ(payload_of_rust_row(Kind::DeployExpired, '"' + hash + '"'), expected);
}

TEST(RustPayload, AShutdownIsABareStringWhateverIsStored) {
    EXPECT_EQ(payload_of_rust_row(Kind::Shutdown, ""), "\"Shutdown\"");
}

}  // namespace

}  // namespace storage_test
