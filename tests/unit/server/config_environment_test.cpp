#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <variant>

#include "unit/server/config_text.h"

namespace {

using namespace config_text;
using testing::HasSubstr;
using testing::Not;

const std::string kWithoutDatabase = kConnection + kStoragePath + kServers;
const std::string kPostgresql = kConnection + kStoragePath + R"([storage.postgresql_config]
database_name = "file_name"
host = "file_host"
port = 1111
database_username = "file_user"
database_password = "file_password"
max_connections_in_pool = 11
)" + kServers;

const Variables kAll{
    {"SIDECAR_POSTGRES_USERNAME", "env_user"},      {"SIDECAR_POSTGRES_PASSWORD", "env_password"},
    {"SIDECAR_POSTGRES_DATABASE_NAME", "env_name"}, {"SIDECAR_POSTGRES_HOST", "env_host"},
    {"SIDECAR_POSTGRES_MAX_CONNECTIONS", "22"},     {"SIDECAR_POSTGRES_PORT", "2222"}};

storage::PostgresqlOptions postgresql(std::string_view text, Variables variables) {
    const auto result = parse(text, std::move(variables));
    EXPECT_EQ(describe(result), "");
    if (!result.config) return {};
    const auto* options = std::get_if<storage::PostgresqlOptions>(&result.config->storage.database);
    EXPECT_NE(options, nullptr);
    return options != nullptr ? *options : storage::PostgresqlOptions{};
}

TEST(ConfigEnvironment, every_variable_wins_over_the_file) {
    const auto options = postgresql(kPostgresql, kAll);
    EXPECT_EQ(options.database_username, "env_user");
    EXPECT_EQ(options.database_password, "env_password");
    EXPECT_EQ(options.database_name, "env_name");
    EXPECT_EQ(options.host, "env_host");
    EXPECT_EQ(options.max_connections_in_pool, 22U);
    EXPECT_EQ(options.port, 2222);
}

TEST(ConfigEnvironment, a_variable_that_is_not_set_leaves_the_file) {
    const auto options = postgresql(kPostgresql, {{"SIDECAR_POSTGRES_HOST", "env_host"}});
    EXPECT_EQ(options.host, "env_host");
    EXPECT_EQ(options.database_username, "file_user");
    EXPECT_EQ(options.database_password, "file_password");
    EXPECT_EQ(options.database_name, "file_name");
    EXPECT_EQ(options.max_connections_in_pool, 11U);
    EXPECT_EQ(options.port, 1111);
}

TEST(ConfigEnvironment, any_variable_stands_for_a_missing_section) {
    for (const auto& [name, value] : kAll) {
        const auto result = parse(kWithoutDatabase, {{name, value}});
        ASSERT_EQ(describe(result), "") << name;
        EXPECT_TRUE(std::holds_alternative<storage::PostgresqlOptions>(result.config->storage.database))
            << name;
    }
    EXPECT_EQ(postgresql(kWithoutDatabase, kAll).host, "env_host");
}

TEST(ConfigEnvironment, a_file_with_sqlite_is_not_changed_by_variables) {
    auto variables = kAll;
    variables["SIDECAR_POSTGRES_PORT"] = "not a port";
    const auto result = parse(kMinimal, variables);
    ASSERT_EQ(describe(result), "");
    EXPECT_TRUE(std::holds_alternative<storage::SqliteOptions>(result.config->storage.database));
}

TEST(ConfigEnvironment, problems_name_the_variable) {
    const auto said = problems_of(kPostgresql, {{"SIDECAR_POSTGRES_PORT", "65536"},
                                                {"SIDECAR_POSTGRES_MAX_CONNECTIONS", "ten"},
                                                {"SIDECAR_POSTGRES_HOST", ""}});
    EXPECT_EQ(
        said,
        "sidecar.toml: SIDECAR_POSTGRES_HOST: environment variable is empty; expected a string that is not "
        "empty\n"
        "sidecar.toml: SIDECAR_POSTGRES_PORT: environment variable is 65536; expected a port, 1 to 65535\n"
        "sidecar.toml: SIDECAR_POSTGRES_MAX_CONNECTIONS: environment variable is \"ten\"; expected an "
        "integer, "
        "1 or more\n");
    for (const auto* number : {" 5", "5 ", "0x10", "5.0", "+5", ""}) {
        EXPECT_THAT(problems_of(kPostgresql, {{"SIDECAR_POSTGRES_PORT", number}}),
                    HasSubstr("SIDECAR_POSTGRES_PORT"))
            << number;
    }
}

TEST(ConfigEnvironment, the_admin_token_wins_over_the_file) {
    const auto text = kMinimal + "[admin_server]\ntoken = \"file\"\n";
    const auto result = parse(text, {{"SIDECAR_ADMIN_TOKEN", "env"}});
    ASSERT_EQ(describe(result), "");
    EXPECT_EQ(result.config->admin_server->token, "env");
    EXPECT_EQ(parse(text).config->admin_server->token, "file");
}

TEST(ConfigEnvironment, an_admin_token_alone_makes_no_admin_server) {
    const auto result = parse(kMinimal, {{"SIDECAR_ADMIN_TOKEN", "env"}});
    ASSERT_EQ(describe(result), "");
    EXPECT_FALSE(result.config->admin_server);
}

TEST(ConfigSecrets, stand_in_no_message) {
    const std::string secret = "s3cr3t";
    const std::vector<std::string> texts{
        kWithoutDatabase + "[storage.postgresql_config]\ndatabase_password = " + secret + "\n",
        kWithoutDatabase + "[storage.postgresql_config]\ndatabase_password = \"" + secret + "\n",
        kWithoutDatabase + "[storage.postgresql_config]\ndatabase_password \"" + secret + "\"\n",
        kWithoutDatabase + "[storage.postgresql_config]\ndatabase_password = [\"" + secret + "\"]\n",
        kWithoutDatabase + "[storage.postgresql_config]\ndatabase_pasword = \"" + secret + "\"\n",
        kWithoutDatabase + "[storage.postgresql_config]\ndatabase_password = \"" + secret + "\"\nport = 0\n",
        kMinimal + "database_password = \"" + secret + "\"\n",
        kMinimal + "[admin_server]\ntoken = [\"" + secret + "\"]\n",
        kMinimal + "[admin_server]\ntoken = \"" + secret + "\" \"\n",
    };
    for (const auto& text : texts) {
        const auto said = problems_of(text);
        EXPECT_NE(said, "") << text;
        EXPECT_THAT(said, Not(HasSubstr(secret)));
    }
    const auto said =
        problems_of(kPostgresql, {{"SIDECAR_POSTGRES_PASSWORD", secret}, {"SIDECAR_POSTGRES_PORT", "0"}});
    EXPECT_NE(said, "");
    EXPECT_THAT(said, Not(HasSubstr(secret)));
}

TEST(ConfigEnvironment, the_process_environment_is_read) {
    const auto environment = server::process_environment();
    ASSERT_NE(std::getenv("PATH"), nullptr);
    EXPECT_EQ(environment("PATH"), std::getenv("PATH"));
    EXPECT_EQ(environment("EVENT_SIDECAR_TEST_NO_SUCH_VARIABLE"), std::nullopt);
}

}  // namespace
