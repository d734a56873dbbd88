#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

#include "support/paths.h"
#include "support/payloads.h"
#include "support/process.h"
#include "support/rust_database.h"
#include "unit/server/command_test.h"

namespace server {
namespace {

using base::Kind;
using support::RustDatabase;
using testing::HasSubstr;
using testing::Not;

class TransferCommands : public CommandTest {
  protected:
    TransferCommands() { write_config("other.toml", {}, "other"); }

    void write_index(const std::string& folder, std::uint32_t next) const {
        std::filesystem::create_directories(path(folder));
        std::string bytes;
        for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(next >> shift);
        support::write_file(path(folder) / "sse_index", bytes);
    }

    Outcome import_file(const std::string& text, std::vector<std::string> more = {}) const {
        support::write_file(path("lines.jsonl"), text);
        std::vector<std::string> arguments{"import",           path("lines.jsonl").string(),
                                           "--network-name",   "casper-test",
                                           "--path-to-config", path("sidecar.toml").string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }
    Outcome import_rust(const std::filesystem::path& database,
                        const std::string& network = "casper-test") const {
        return run({"import", "--from-rust-sidecar", database.string(), "--network-name", network,
                    "--path-to-config", path("sidecar.toml").string()});
    }
    Outcome export_all(std::vector<std::string> more = {}, const std::string& config = "sidecar.toml") const {
        std::vector<std::string> arguments{"export", "--path-to-config", path(config).string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }
};

std::string every_kind(std::uint64_t number) {
    std::string lines;
    for (const auto kind : support::kObjectKinds) lines += support::payload(kind, number) + "\n";
    return lines + "\"Shutdown\"\n";
}

TEST_F(TransferCommands, WhatIsImportedIsExported) {
    const auto lines = every_kind(1) + every_kind(2);
    const auto imported = import_file(lines);
    EXPECT_EQ(imported.code, 0) << imported.err;
    EXPECT_THAT(imported.out, HasSubstr("imported 16 events of casper-test, ids 1 to 16\n"));
    EXPECT_THAT(imported.out, HasSubstr("  FinalitySignature                2\n"));
    const auto exported = export_all();
    EXPECT_EQ(exported.code, 0) << exported.err;
    EXPECT_EQ(exported.out, lines);
    EXPECT_EQ(exported.err, "exported 16 events, the last one with id 16\n");
}

TEST_F(TransferCommands, AFullCopyHasTheSameIdsVersionsAndEndpoints) {
    ASSERT_EQ(
        import_file("{\"id\":40,\"source\":\"events/sigs\",\"payload\":\"Shutdown\"}\n" + every_kind(1) +
                        "{\"ApiVersion\":\"1.5.8\"}\n" + support::payload(Kind::Step, 2) + "\n",
                    {"--api-version", "1.5.6"})
            .code,
        0);
    const auto copy = path("copy.jsonl").string();
    ASSERT_EQ(export_all({"--with-ids", "--output", copy}).code, 0);
    const auto imported = run(
        {"import", copy, "--network-name", "casper-test", "--path-to-config", path("other.toml").string()});
    EXPECT_EQ(imported.code, 0) << imported.err;
    EXPECT_THAT(imported.out, HasSubstr("ids 40 to 49"));
    EXPECT_THAT(imported.out, Not(HasSubstr("other ids")));
    const auto again = export_all({"--with-ids"}, "other.toml");
    EXPECT_EQ(again.out, support::read_file(copy));
    EXPECT_THAT(again.out, HasSubstr(R"({"id":49,"api_version":"1.5.8","payload":{"Step")"));
    EXPECT_THAT(again.out,
                HasSubstr(R"({"id":40,"api_version":"1.5.6","source":"events/sigs","payload":"Shutdown"})"));
}

TEST_F(TransferCommands, ExportTakesARangeAndKinds) {
    ASSERT_EQ(import_file(every_kind(1) + every_kind(2)).code, 0);
    EXPECT_EQ(export_all({"--from", "7", "--to", "8"}).out,
              support::payload(Kind::Step, 1) + "\n\"Shutdown\"\n");
    EXPECT_EQ(export_all({"--kind", "Step", "--kind", "Fault", "--from", "9"}).out,
              support::payload(Kind::Fault, 2) + "\n" + support::payload(Kind::Step, 2) + "\n");
    EXPECT_NE(export_all({"--kind", "Stop"}).code, 0);
    EXPECT_NE(export_all({"--from", "0"}).code, 0);
}

TEST_F(TransferCommands, ExportIsPossibleWhileALogIsWritten) {
    ASSERT_EQ(import_file(every_kind(1)).code, 0);
    const auto log = open_log();
    const auto exported = export_all();
    EXPECT_EQ(exported.code, 0) << exported.err;
    EXPECT_EQ(exported.out, every_kind(1));
    const auto refused = import_file(every_kind(2));
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr("already works on this log"));
}

TEST_F(TransferCommands, AnExportThatFailsLeavesAnErrorAndAnExitCode) {
    const auto none = export_all();
    EXPECT_EQ(none.code, 1);
    EXPECT_THAT(none.err, HasSubstr("there is no event log"));
    ASSERT_EQ(import_file(every_kind(1)).code, 0);
    const auto full = export_all({"--output", "/dev/full"});
    EXPECT_EQ(full.code, 1);
    EXPECT_THAT(full.err, HasSubstr("cannot write /dev/full"));
}

TEST_F(TransferCommands, LinesThatAreNoEventsAreNamedAndTheExitCodeSaysSo) {
    const auto imported = import_file(support::payload(Kind::Step, 1) + "\nnonsense\n{\"Foo\":{}}\n" +
                                      support::payload(Kind::Step, 1) + "\n");
    EXPECT_EQ(imported.code, ImportCommand::kSomeFaults);
    EXPECT_THAT(imported.out, HasSubstr("1 were in the log already\n"));
    EXPECT_THAT(imported.out, HasSubstr("2 are no events and were passed over:\n  line 2: not the JSON"));
    EXPECT_THAT(imported.out, HasSubstr("  line 3: unknown kind \"Foo\"\n"));
}

TEST_F(TransferCommands, ImportNeedsAnEmptyLog) {
    ASSERT_EQ(import_file(every_kind(1)).code, 0);
    const auto refused = import_file(every_kind(2));
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr("the log holds events 1 to 8; import needs an empty one"));
    EXPECT_EQ(export_all().out, every_kind(1));
}

TEST_F(TransferCommands, ImportSaysWhatTheCommandLineLacks) {
    const auto config = path("sidecar.toml").string();
    EXPECT_THAT(run({"import", "--network-name", "n", "--path-to-config", config}).err,
                HasSubstr("FILE or --from-rust-sidecar DATABASE"));
    EXPECT_THAT(run({"import", "x", "--path-to-config", config}).err,
                HasSubstr("--network-name is required"));
    EXPECT_THAT(run({"import", "x", "--network-name", "", "--path-to-config", config}).err,
                HasSubstr("expected the network's name"));
    EXPECT_THAT(run({"import", "x", "--from-rust-sidecar", "y", "--network-name", "n"}).err,
                HasSubstr("excludes"));
    EXPECT_THAT(run({"import", "x", "--network-name", "n", "--api-version", "new"}).err,
                HasSubstr("expected MAJOR.MINOR.PATCH"));
    EXPECT_THAT(run({"import", "x", "--network-name", "n"}).err, HasSubstr("--path-to-config"));
    EXPECT_THAT(run({"import", path("none").string(), "--network-name", "n", "--path-to-config", config}).err,
                HasSubstr("No such file"));
}

TEST_F(TransferCommands, ImportKeepsToTheNetworkOfTheConfiguration) {
    write_config("sidecar.toml", "network_name = \"casper\"\n");
    const auto refused = import_file(every_kind(1));
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr("is for the network casper, not for casper-test"));
    EXPECT_FALSE(std::filesystem::exists(path("storage")));
}

TEST_F(TransferCommands, TheNetworkIsThatOfTheLogFromThenOn) {
    ASSERT_EQ(import_file(every_kind(1)).code, 0);
    EXPECT_EQ(open_log()->network_name(), "casper-test");
}

TEST_F(TransferCommands, ARustSidecarsDatabaseIsImportedWhole) {
    std::string expected;
    {
        RustDatabase database(path("rust.db3"));
        for (std::uint64_t i = 1; i <= 200; ++i) {
            for (const auto kind : support::kObjectKinds) {
                const bool whole = i % 2 == 0;
                database.add(base::row_of(kind).name,
                             whole ? support::payload(kind, i) : support::inner_payload(kind, i));
                expected += support::payload(kind, i) + "\n";
            }
        }
        database.add("Shutdown", "");
        expected += "\"Shutdown\"\n";
    }
    const auto imported = import_rust(path("rust.db3"));
    EXPECT_EQ(imported.code, 0) << imported.err << imported.out;
    EXPECT_THAT(imported.out, HasSubstr("imported 1,401 events of casper-test, ids 1 to 1401"));
    EXPECT_EQ(export_all().out, expected);
    EXPECT_EQ(open_log()->api_version().to_string(), "1.5.6");
}

TEST_F(TransferCommands, TheNextLiveIdIsAboveTheIndexBesideTheRustDatabase) {
    std::filesystem::create_directories(path("rust"));
    {
        RustDatabase database(path("rust") / "rust.db3");
        for (std::uint64_t i = 1; i <= 20; ++i) database.add("Step", support::inner_payload(Kind::Step, i));
    }
    write_index("rust", 90'000);
    EXPECT_THAT(import_rust(path("rust") / "rust.db3").out, HasSubstr("ids 89981 to 90000"));
    EXPECT_GT(open_log()->range().next, 90'000U);
}

TEST_F(TransferCommands, TheNextLiveIdIsAboveTheIndexInTheStorageFolder) {
    {
        RustDatabase database(path("rust.db3"));
        for (std::uint64_t i = 1; i <= 20; ++i) database.add("Step", support::inner_payload(Kind::Step, i));
    }
    write_index("storage", 10);
    EXPECT_THAT(import_rust(path("rust.db3")).out, HasSubstr("ids 1 to 20"));
    EXPECT_EQ(open_log()->range().next, 21U);
}

TEST_F(TransferCommands, ARustDatabaseThatCannotBeImportedLeavesTheLogEmpty) {
    {
        RustDatabase database(path("rust.db3"));
        database.add("Step", support::inner_payload(Kind::Step, 1), "casper-test");
        database.add("Step", support::inner_payload(Kind::Step, 2), "casper");
    }
    const auto wrong_network = import_rust(path("rust.db3"));
    EXPECT_EQ(wrong_network.code, 1);
    EXPECT_THAT(wrong_network.err, HasSubstr("is of the network casper, not of casper-test"));
    EXPECT_EQ(import_rust(path("missing.db3")).code, 1);
    support::write_file(path("damaged.db3"), std::string(3000, 'x'));
    EXPECT_THAT(import_rust(path("damaged.db3")).err, HasSubstr("damaged or not a database"));
    const auto no_server = import_rust("postgresql://user:hush@127.0.0.1:1/rust");
    EXPECT_EQ(no_server.code, 1);
    EXPECT_THAT(no_server.err, HasSubstr("cannot read the Rust sidecar's database"));
    EXPECT_THAT(no_server.err, Not(HasSubstr("hush")));
    EXPECT_TRUE(open_log()->range().empty());
}

TEST_F(TransferCommands, RealPayloadsOfTheRustSidecarComeThrough) {
    const std::filesystem::path file = support::captured_payloads() / "sidecar_raw_db_nctl_1_4.jsonl";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "no captured payloads on this machine";
    {
        RustDatabase database(path("rust.db3"));
        std::ifstream lines(file);
        for (std::string line; std::getline(lines, line);) {
            const auto name = line.substr(2, line.find('"', 2) - 2);
            const auto inner_begin = name.size() + 4;
            const bool whole = line.size() % 2 == 0;
            database.add(name, whole ? line : line.substr(inner_begin, line.size() - inner_begin - 1));
        }
    }
    EXPECT_EQ(import_rust(path("rust.db3")).code, 0);
    EXPECT_TRUE(export_all().out == support::read_file(file));
}

}  // namespace
}  // namespace server
