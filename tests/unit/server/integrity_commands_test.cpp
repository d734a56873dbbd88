#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "storage/sqlite.h"
#include "support/payloads.h"
#include "support/process.h"
#include "unit/server/command_test.h"

namespace server {
namespace {

using base::Kind;
using testing::HasSubstr;
using testing::Not;

class IntegrityCommands : public CommandTest {
  protected:
    [[nodiscard]] std::filesystem::path file() const { return path("storage") / "sqlite_database.db3"; }

    [[nodiscard]] Outcome with_config(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"--path-to-config", path("sidecar.toml").string()});
        return run(std::move(arguments));
    }

    void fill(std::uint64_t steps = 20) const {
        std::string lines;
        for (std::uint64_t i = 1; i <= steps; ++i) lines += support::payload(Kind::Step, i) + "\n";
        support::write_file(path("lines.jsonl"), lines);
        ASSERT_EQ(with_config({"import", path("lines.jsonl").string(), "--network-name", "n"}).code, 0);
    }
    void alter(const std::string& sql) const {
        storage::SqliteConnection(file(), storage::SqliteConnection::Mode::ReadWrite).execute(sql);
    }
};

TEST_F(IntegrityCommands, ASoundLogIsSummedUpInTwoLines) {
    fill();
    const auto verified = with_config({"verify"});
    EXPECT_EQ(verified.code, 0) << verified.err;
    EXPECT_THAT(verified.out, testing::MatchesRegex("events 1 to 20: 20 are sound\n"
                                                    "chain hash up to event 20: [0-9a-f]+\n"));
    EXPECT_EQ(run({"verify", file().string()}).out, verified.out) << "a file is named as well";
    const auto part = with_config({"verify", "--from", "15"});
    EXPECT_THAT(part.out, HasSubstr("events 15 to 20: 6 are sound\n"));
    EXPECT_THAT(part.out, HasSubstr(verified.out.substr(verified.out.find('\n') + 1)));
}

TEST_F(IntegrityCommands, DamageIsNamedWithItsIdsAndTheRemedy) {
    fill();
    alter("UPDATE event SET payload = x'00' WHERE id IN (4, 5); DELETE FROM event WHERE id = 9");
    const auto verified = with_config({"verify"});
    EXPECT_EQ(verified.code, 1);
    EXPECT_THAT(verified.out, HasSubstr("  events 4 to 5: damaged: "));
    EXPECT_THAT(verified.out, HasSubstr("  event 9: missing: "));
    EXPECT_THAT(verified.out, HasSubstr("  event 10: not proven: "));
    EXPECT_THAT(verified.out, HasSubstr("`event-sidecar verify --repair --path-to-config "));
    EXPECT_EQ(with_config({"verify", "--from", "12"}).code, 0);
}

TEST_F(IntegrityCommands, RepairKeepsWhatIsSound) {
    fill();
    alter("UPDATE event SET payload = x'00' WHERE id = 4");
    const auto repaired = with_config({"verify", "--repair"});
    EXPECT_EQ(repaired.code, 0) << repaired.err;
    EXPECT_THAT(repaired.out, HasSubstr("repaired: events 1 to 20: 19 are sound, 1 were deleted\n"));
    EXPECT_THAT(repaired.out, HasSubstr("comes back under new ids"));
    EXPECT_THAT(repaired.out, HasSubstr(file().string() + ".damaged-"));
    EXPECT_EQ(with_config({"verify"}).code, 0);
    const auto again = with_config({"verify", "--repair"});
    EXPECT_EQ(again.code, 0);
    EXPECT_THAT(again.out, HasSubstr("nothing was changed"));
}

TEST_F(IntegrityCommands, BesideASidecarALogIsCheckedAndCopiedAndNotRepaired) {
    fill();
    const auto log = open_log();
    const auto verified = with_config({"verify"});
    EXPECT_EQ(verified.code, 0) << verified.out;
    EXPECT_THAT(verified.out, HasSubstr("structure as a whole was not checked"));
    const auto copied = with_config({"backup", path("copy.db3").string()});
    EXPECT_EQ(copied.code, 0) << copied.err;
    EXPECT_THAT(copied.out, HasSubstr("bytes to " + path("copy.db3").string()));
    EXPECT_EQ(run({"verify", path("copy.db3").string()}).code, 0);
    const auto refused = with_config({"verify", "--repair"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr("already works on this log"));
}

TEST_F(IntegrityCommands, ANewerSchemaIsRefusedByAllAndNotAltered) {
    fill();
    alter("PRAGMA user_version = 77");
    const auto before = support::read_file(file());
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"verify"},
                                                      {"verify", "--repair"},
                                                      {"backup", path("copy.db3").string()}}) {
        const auto refused = with_config(arguments);
        EXPECT_EQ(refused.code, 1);
        EXPECT_THAT(refused.err, HasSubstr("schema 77"));
    }
    EXPECT_TRUE(support::read_file(file()) == before);
    EXPECT_FALSE(std::filesystem::exists(path("copy.db3")));
}

TEST_F(IntegrityCommands, TheCommandLineIsChecked) {
    fill();
    EXPECT_THAT(run({"verify"}).err, HasSubstr("--path-to-config"));
    EXPECT_THAT(with_config({"verify", "--repair", "--from", "3"}).err, HasSubstr("excludes"));
    EXPECT_NE(with_config({"verify", "--from", "0"}).code, 0);
    EXPECT_THAT(with_config({"verify", "--from", "99"}).err, HasSubstr("ends with event 20"));
    EXPECT_THAT(with_config({"backup"}).err, HasSubstr("required"));
    EXPECT_THAT(run({"verify", path("none.db3").string()}).err, HasSubstr("no event log"));
    EXPECT_THAT(run({"verify", "postgresql://u@h:1/d?sslmode=require"}).err, HasSubstr("PGSSLMODE"));
    const auto unreachable = run({"verify", "postgresql://user:hush@127.0.0.1:1/name"});
    EXPECT_EQ(unreachable.code, 1);
    EXPECT_THAT(unreachable.err, HasSubstr("database \"name\" at 127.0.0.1:1 as user \"user\""));
    EXPECT_THAT(unreachable.err, Not(HasSubstr("hush")));
    EXPECT_THAT(run({"verify", "--repair", "postgresql://user@127.0.0.1:1/name"}).err, HasSubstr("restore"));
}

TEST_F(IntegrityCommands, PostgresqlMakesItsBackupsItself) {
    support::write_file(path("postgresql.toml"),
                        config_text::kConnection +
                            fmt::format("[storage]\nstorage_path = \"{}\"\n", path("storage").string()) +
                            "[storage.postgresql_config]\nhost = \"db\"\ndatabase_name = \"events\"\n"
                            "database_username = \"u\"\ndatabase_password = \"hush\"\n" +
                            config_text::kServers);
    const auto refused = run({"backup", "copy", "--path-to-config", path("postgresql.toml").string()});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr("pg_dump --format=custom --schema=event_sidecar --host=db --port=5432 "
                                       "--username=u --file=copy events"));
    EXPECT_THAT(refused.err, Not(HasSubstr("hush")));
}

}  // namespace
}  // namespace server
