#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <sstream>
#include <unistd.h>
#include <variant>

#include "server/config_docs.h"
#include "server/config_table.h"
#include "server/config_toml.h"
#include "support/paths.h"
#include "unit/server/config_text.h"

namespace {

using namespace config_text;
namespace fs = std::filesystem;

const fs::path kProject = support::project_folder();

std::string read_file(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    EXPECT_TRUE(stream) << path;
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::string each_line(const std::string& text, const std::function<std::string(const std::string&)>& change) {
    std::istringstream lines(text);
    std::string result;
    for (std::string line; std::getline(lines, line);) result += change(line) + "\n";
    return result;
}

/// The example with its optional keys: prose has a space after its '#', a key has none.
std::string with_optional_keys(const std::string& example) {
    return each_line(example, [](const std::string& line) {
        const bool key = line.size() > 1 && line[0] == '#' && line[1] != ' ' && line[1] != '#';
        return key ? line.substr(1) : line;
    });
}

/// The example with PostgreSQL (the lines after "## ") in the place of SQLite.
std::string with_postgresql(const std::string& example) {
    bool in_sqlite = false;
    return each_line(example, [&in_sqlite](const std::string& line) -> std::string {
        if (line.starts_with("[")) in_sqlite = line == "[storage.sqlite_config]";
        if (line.starts_with("## ")) return line.substr(3);
        return in_sqlite ? "" : line;
    });
}

/// Every key of a document with its node: "connections.sse_port", without the connection's number.
std::map<std::string, server::TomlNode> keys_of(const server::TomlNode::Table& table,
                                                const std::string& prefix = "") {
    std::map<std::string, server::TomlNode> keys;
    for (const auto& [key, node] : table) {
        const auto path = prefix + key;
        if (const auto* child = std::get_if<server::TomlNode::Table>(&node.value)) {
            keys.merge(keys_of(*child, path + "."));
            continue;
        }
        const auto* list = std::get_if<server::TomlNode::Array>(&node.value);
        if (list == nullptr || path != "connections") {
            keys.emplace(path, node);
            continue;
        }
        for (const auto& element : *list) {
            keys.merge(keys_of(std::get<server::TomlNode::Table>(element.value), path + "."));
        }
    }
    return keys;
}

std::map<std::string, server::TomlNode> keys_of(const std::string& text) {
    const auto document = server::parse_toml(text);
    EXPECT_TRUE(document.problems.empty());
    return keys_of(document.root);
}

std::string path_of(const server::KeyRow& row) {
    const auto section = server::path_of(row.section);
    return (section.empty() ? "" : section + ".") + std::string(row.name);
}

server::ConfigValue value_of(const server::TomlNode& node) {
    if (const auto* flag = std::get_if<bool>(&node.value)) return *flag;
    if (const auto* number = std::get_if<std::int64_t>(&node.value)) return *number;
    if (const auto* text = std::get_if<std::string>(&node.value)) return *text;
    return std::vector<std::string>{};
}

TEST(ExampleConfig, is_valid_as_it_stands_and_reads_the_simulated_network) {
    const auto result = parse(read_file(kProject / "EXAMPLE_CONFIG.toml"));
    ASSERT_EQ(describe(result), "");
    const auto& config = *result.config;
    ASSERT_EQ(config.connections.size(), 3U);
    for (std::uint16_t i = 0; i < 3; ++i) {
        EXPECT_EQ(config.connections[i].ip_address, "127.0.0.1");
        EXPECT_EQ(config.connections[i].sse_port, 18101 + i);
        EXPECT_EQ(config.connections[i].rest_port, 14101 + i);
    }
    EXPECT_EQ(config.storage.storage_path, "./target/storage");
    EXPECT_EQ(config.rest_server.port, 18888);
    EXPECT_EQ(config.event_stream_server.port, 19999);
    ASSERT_TRUE(config.admin_server);
    EXPECT_EQ(config.admin_server->port, 18887);
    EXPECT_FALSE(config.tls);
    EXPECT_FALSE(config.storage.retention);
}

TEST(ExampleConfig, is_valid_with_every_optional_line) {
    const auto example = read_file(kProject / "EXAMPLE_CONFIG.toml");
    const auto result = parse(with_optional_keys(example));
    ASSERT_EQ(describe(result), "");
    EXPECT_TRUE(result.config->tls);
    EXPECT_TRUE(result.config->storage.retention);
    EXPECT_EQ(result.config->connections[0].name, "node-1");
}

TEST(ExampleConfig, is_valid_with_postgresql) {
    const auto result = parse(with_postgresql(read_file(kProject / "EXAMPLE_CONFIG.toml")));
    ASSERT_EQ(describe(result), "");
    const auto& options = std::get<storage::PostgresqlOptions>(result.config->storage.database);
    EXPECT_EQ(options.database_password, "p@$$w0rd");
}

TEST(ExampleConfig, names_every_key) {
    const auto example = read_file(kProject / "EXAMPLE_CONFIG.toml");
    auto keys = keys_of(with_optional_keys(example));
    keys.merge(keys_of(with_postgresql(example)));
    for (const auto& row : server::config_keys()) {
        const bool ignored = row.name.ends_with("bound_channel_size");
        EXPECT_EQ(keys.contains(path_of(row)), !ignored) << path_of(row);
    }
}

TEST(ExampleConfig, shows_the_default_of_every_key_that_is_commented_out) {
    const auto example = read_file(kProject / "EXAMPLE_CONFIG.toml");
    const auto set = keys_of(example);
    const auto all = keys_of(with_optional_keys(example));
    const auto defaults = server::default_draft();
    std::size_t compared = 0;
    for (const auto& row : server::config_keys()) {
        const auto path = path_of(row);
        const auto standard = row.read(defaults);
        const bool plain = row.rule.default_text.empty() && !row.rule.required &&
                           !std::holds_alternative<std::monostate>(standard);
        if (set.contains(path) || !all.contains(path) || !plain) continue;
        EXPECT_EQ(value_of(all.at(path)), standard) << path;
        ++compared;
    }
    EXPECT_GT(compared, 10U);
}

TEST(KeyTable, every_default_is_a_value_that_the_key_takes) {
    const auto defaults = server::default_draft();
    std::set<std::string> paths;
    for (const auto& row : server::config_keys()) {
        EXPECT_TRUE(paths.insert(path_of(row)).second) << path_of(row);
        EXPECT_FALSE(row.help.empty()) << path_of(row);
        if (row.rule.required || !row.rule.default_text.empty()) continue;
        EXPECT_EQ(server::fault_of(row, row.read(defaults)), std::nullopt) << path_of(row);
    }
}

TEST(KeyTable, what_is_written_is_read_back) {
    for (const auto& row : server::config_keys()) {
        auto draft = server::default_draft();
        const auto before = row.read(draft);
        if (std::holds_alternative<std::monostate>(before)) continue;
        row.write(draft, before);
        EXPECT_EQ(row.read(draft), before) << path_of(row);
    }
}

// EVENT_SIDECAR_UPDATE_DOCS=1 writes the table into the page instead.
TEST(ConfigurationPage, holds_the_table_of_keys) {
    const auto page_path = kProject / "docs" / "configuration.md";
    const std::string begin = "<!-- keys: begin -->\n";
    const std::string end = "\n<!-- keys: end -->";
    auto page = read_file(page_path);
    const auto from = page.find(begin);
    const auto to = page.find(end);
    ASSERT_NE(from, std::string::npos);
    ASSERT_NE(to, std::string::npos);
    const auto table_at = from + begin.size();
    const auto table = server::render_key_tables();
    if (std::getenv("EVENT_SIDECAR_UPDATE_DOCS") != nullptr) {
        page.replace(table_at, to - table_at, table);
        std::ofstream(page_path, std::ios::binary) << page;
        return;
    }
    EXPECT_EQ(page.substr(table_at, to - table_at), table)
        << "docs/configuration.md is not what server/config_table.cpp says; run this test once with "
           "EVENT_SIDECAR_UPDATE_DOCS=1";
}

class ConfigFile : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "event-sidecar-config-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { fs::remove_all(folder_); }

    fs::path folder_;
};

TEST_F(ConfigFile, is_read) {
    const auto file = folder_ / "sidecar.toml";
    std::ofstream(file) << kMinimal;
    const auto result = server::load_config(file, environment({}));
    EXPECT_EQ(describe(result), "");
    EXPECT_TRUE(result.config);
}

TEST_F(ConfigFile, nothing_else_is_opened_or_made) {
    const auto file = folder_ / "sidecar.toml";
    std::ofstream(file) << kConnection << "[storage]\nstorage_path = \"" << (folder_ / "data").string()
                        << "\"\n"
                        << kSqlite << kServers
                        << "[tls]\ncertificate_file = \"/none\"\nprivate_key_file = \"/none\"\n";
    const auto result = server::load_config(file, environment({}));
    EXPECT_EQ(describe(result), "");
    EXPECT_FALSE(fs::exists(folder_ / "data"));
}

TEST_F(ConfigFile, that_is_missing_is_one_problem_naming_it) {
    const auto file = folder_ / "none.toml";
    const auto result = server::load_config(file, environment({}));
    EXPECT_FALSE(result.config);
    EXPECT_EQ(server::describe(result.problems, file.string()),
              file.string() +
                  ": cannot be read (No such file or directory); expected a configuration file, see "
                  "EXAMPLE_CONFIG.toml\n");
}

TEST_F(ConfigFile, that_is_a_folder_is_one_problem) {
    const auto result = server::load_config(folder_, environment({}));
    ASSERT_EQ(result.problems.size(), 1U);
    EXPECT_THAT(result.problems[0].message, testing::HasSubstr("it is a folder"));
}

}  // namespace
