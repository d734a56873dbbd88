#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "integration/followers.h"
#include "integration/support_check.h"
#include "support/paths.h"
#include "support/payloads.h"
#include "support/postgresql.h"
#include "support/programs.h"
#include "support/rust_database.h"

namespace integration {
namespace {

using base::Kind;
using support::Follower;
using support::run_sidecar;
using support::Sidecar;
using support::SimulatedNetwork;

/// The exit code of a shell's line.
int shell(const std::string& line, const std::filesystem::path& output) {
    support::Process process({"/bin/sh", "-c", line}, output);
    return process.wait().value_or(-1);
}

TEST(Moving, ExportImportExportGivesTheSameBytesAndTheSidecarServesThem) {
    const support::TemporaryFolder folder;
    const auto at = [&](const char* name) { return folder.path() / name; };
    SimulatedNetwork network(
        folder.path(), {"--rate", "2000", "--events", "3000", "--buffer", "60000", "--step-size", "2MB"});
    Sidecar first(folder.path(), {.nodes = network.nodes(), .storage_path = at("first")});
    first.start();
    const NodeFollowers followers(first.port());
    ASSERT_TRUE(support::eventually([&] { return followers.count() >= 3000; })) << first.log();

    const auto live = at("live.jsonl");
    EXPECT_EQ(run_sidecar({"export", "--with-ids", "--output", live.string(), "--path-to-config",
                           first.config_file().string()},
                          at("out")),
              0)
        << support::read_file(at("out"));
    ASSERT_EQ(first.stop(), 0);
    const auto plain = at("plain.jsonl");
    EXPECT_EQ(
        run_sidecar({"export", "--output", plain.string(), "--path-to-config", first.config_file().string()},
                    at("out")),
        0);
    EXPECT_EQ(lines_of(support::read_file(plain)).size(), 3000U);

    std::filesystem::create_directories(at("second_folder"));
    Sidecar second(at("second_folder"), {.nodes = network.nodes(), .storage_path = at("second")});
    EXPECT_EQ(run_sidecar({"import", live.string(), "--network-name", "casper-net-sim", "--path-to-config",
                           second.config_file().string()},
                          at("import.out")),
              0)
        << support::read_file(at("import.out"));
    const auto again = at("again.jsonl");
    EXPECT_EQ(
        run_sidecar({"export", "--output", again.string(), "--path-to-config", second.config_file().string()},
                    at("out")),
        0);
    EXPECT_TRUE(support::read_file(again) == support::read_file(plain));

    second.start();
    const NodeFollowers replays(second.port());
    ASSERT_TRUE(support::eventually([&] { return replays.count() >= 3000; })) << second.log();
    expect_complete(replays.together(), lines_of(support::read_file(plain)));
}

TEST(Moving, TheRustSidecarsHistoryIsServedAndLiveIdsAreAboveIt) {
    constexpr std::uint64_t kRows = 300;
    const support::TemporaryFolder folder;
    {
        support::RustDatabase database(folder.path() / "rust.db3");
        for (std::uint64_t i = 1; i <= kRows; ++i)
            database.add("Step", support::inner_payload(Kind::Step, 1'000'000 + i), "casper-net-sim",
                         "1.0.0");
    }
    support::write_file(folder.path() / "sse_index", std::string("\x88\x13\0\0", 4));  // 5000
    SimulatedNetwork network(folder.path(), {"--rate", "500"});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    const auto output = folder.path() / "import.out";
    ASSERT_EQ(
        run_sidecar({"import", "--from-rust-sidecar", (folder.path() / "rust.db3").string(), "--network-name",
                     "casper-net-sim", "--path-to-config", sidecar.config_file().string()},
                    output),
        0)
        << support::read_file(output);

    sidecar.start();
    const Follower main(sidecar.port(), "/events/main");
    ASSERT_TRUE(support::eventually([&] { return main.last_id() > 5000; })) << sidecar.log();
    const auto received = main.received();
    ASSERT_GT(received.size(), kRows);
    for (std::uint64_t i = 0; i < kRows; ++i) {
        ASSERT_EQ(received[i].id, 5000 - kRows + 1 + i);
        ASSERT_EQ(received[i].data, support::payload(Kind::Step, 1'000'001 + i));
    }
    EXPECT_GT(received[kRows].id, 5000U);
}

TEST(Moving, AFullCopyMovesALogFromSqliteToPostgresqlWithItsIds) {
    const support::TemporaryFolder folder;
    std::string lines;
    for (std::uint64_t i = 1; i <= 500; ++i) {
        lines += fmt::format("{{\"id\":{},\"api_version\":\"1.5.6\",\"payload\":{}}}\n", 1000 + i,
                             support::payload(i % 2 == 0 ? Kind::Step : Kind::FinalitySignature, i));
    }
    support::write_file(folder.path() / "lines.jsonl", lines);
    support::PostgresqlServer server;
    Sidecar::Settings settings;
    settings.nodes = {{1, 2}};
    std::filesystem::create_directories(folder.path() / "sqlite");
    const Sidecar sqlite(folder.path() / "sqlite", settings);
    settings.database_section = fmt::format(
        "[storage.postgresql_config]\nhost = \"127.0.0.1\"\nport = {}\ndatabase_name = \"postgres\"\n"
        "database_username = \"{}\"\n",
        server.port(), support::PostgresqlServer::kUser);
    std::filesystem::create_directories(folder.path() / "postgresql");
    const Sidecar postgresql(folder.path() / "postgresql", settings);

    std::filesystem::path from = folder.path() / "lines.jsonl";
    for (const auto* sidecar : {&sqlite, &postgresql}) {
        const auto config = sidecar->config_file().string();
        const auto output = folder.path() / "out";
        const std::map<std::string, std::string> environment{
            {"SIDECAR_POSTGRES_PASSWORD", support::PostgresqlServer::kPassword}};
        const auto copy = sidecar->config_file().parent_path() / "copy.jsonl";
        ASSERT_EQ(run_sidecar({"import", from.string(), "--network-name", "n", "--path-to-config", config},
                              output, environment),
                  0)
            << support::read_file(output);
        ASSERT_EQ(run_sidecar({"export", "--with-ids", "--output", copy.string(), "--path-to-config", config},
                              output, environment),
                  0)
            << support::read_file(output);
        EXPECT_TRUE(support::read_file(copy) == lines) << config;
        from = copy;
    }
}

TEST(Moving, PipesEndQuietlyAndFullDisksDoNot) {
    const support::TemporaryFolder folder;
    std::string lines;
    for (std::uint64_t i = 1; i <= 20'000; ++i) lines += support::payload(Kind::Step, i) + "\n";
    support::write_file(folder.path() / "lines.jsonl", lines);
    const Sidecar sidecar(folder.path(), {.nodes = {{1, 2}}});
    const std::string program = support::sidecar_program();
    const auto config = " --path-to-config " + sidecar.config_file().string();
    const auto output = folder.path() / "shell.out";

    EXPECT_EQ(shell(fmt::format("cat {}/lines.jsonl | {} import - --network-name n{}", folder.path().string(),
                                program, config),
                    output),
              0);
    EXPECT_NE(support::read_file(output).find("imported 20,000 events"), std::string::npos)
        << support::read_file(output);

    const auto head = folder.path() / "head.out";
    shell(fmt::format("{{ {} export{}; echo code $? >&2; }} | head -n 1", program, config), head);
    EXPECT_EQ(support::read_file(head), support::payload(Kind::Step, 1) + "\ncode 0\n");

    const auto full = folder.path() / "full.out";
    EXPECT_EQ(shell(fmt::format("{} export{} > /dev/full", program, config), full), 1);
    EXPECT_NE(support::read_file(full).find("cannot write standard output"), std::string::npos);
}

TEST(Moving, SigintEndsAnImportWithALineHowFarItCame) {
    const support::TemporaryFolder folder;
    const Sidecar sidecar(folder.path(), {.nodes = {{1, 2}}});
    const auto pipe = folder.path() / "pipe";
    ASSERT_EQ(shell("mkfifo " + pipe.string(), folder.path() / "shell.out"), 0);
    const auto output = folder.path() / "import.out";
    support::Process import({support::sidecar_program(), "import", pipe.string(), "--network-name", "n",
                             "--path-to-config", sidecar.config_file().string()},
                            output);
    // The pipe stays open: the import waits for more, after what fills some batches.
    std::string lines;
    for (std::uint64_t i = 1; i <= 2000; ++i) lines += support::payload(Kind::Step, i) + "\n";
    support::write_file(folder.path() / "lines.jsonl", lines);
    support::Process writer({"/bin/sh", "-c",
                             fmt::format("exec 3>{}; cat {}/lines.jsonl >&3; echo written; kill -STOP $$",
                                         pipe.string(), folder.path().string())},
                            folder.path() / "writer.out");
    ASSERT_TRUE(writer.wait_for_output("written"));
    import.signal(SIGINT);
    EXPECT_EQ(import.wait(), 130);
    EXPECT_NE(import.output().find("imported "), std::string::npos) << import.output();
    EXPECT_NE(import.output().find("interrupted"), std::string::npos) << import.output();
}

}  // namespace
}  // namespace integration
