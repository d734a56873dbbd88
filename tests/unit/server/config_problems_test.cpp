#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/server/config_text.h"

namespace {

using namespace config_text;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// One fault put into a file that is otherwise good, and all that is said of it.
struct Case {
    std::string name;
    std::string text;
    std::string said;
};

const std::string kAfterConnection = kStoragePath + kSqlite + kServers;
const std::string kBeforeServers = kConnection + kStoragePath + kSqlite;  // 7 lines

class ConfigProblems : public testing::TestWithParam<Case> {};

TEST_P(ConfigProblems, says_where_and_what_is_expected) {
    EXPECT_EQ(problems_of(GetParam().text), GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(
    one, ConfigProblems,
    testing::Values(
        Case{"port_0",
             "[[connections]]\nip_address = \"a\"\nsse_port = 0\nrest_port = 1\n" + kAfterConnection,
             "sidecar.toml:3: connections[0].sse_port: is 0; expected a port, 1 to 65535\n"},
        Case{"port_above",
             "[[connections]]\nip_address = \"a\"\nsse_port = 1\nrest_port = 65536\n" + kAfterConnection,
             "sidecar.toml:4: connections[0].rest_port: is 65536; expected a port, 1 to 65535\n"},
        Case{"port_beyond_integers",
             "[[connections]]\nip_address = \"a\"\nsse_port = 99999999999999999999\nrest_port = 1\n" +
                 kAfterConnection,
             "sidecar.toml:3: connections[0].sse_port: is beyond 64 bits; expected a port, 1 to 65535\n"},
        Case{"negative", kConnection + "max_attempts = -1\n" + kAfterConnection,
             "sidecar.toml:5: connections[0].max_attempts: is -1; expected an integer, 0 or more\n"},
        Case{"float", kConnection + "max_attempts = 5.0\n" + kAfterConnection,
             "sidecar.toml:5: connections[0].max_attempts: is a float; expected an integer, 0 or more\n"},
        Case{"string_for_integer", kConnection + "max_attempts = \"5\"\n" + kAfterConnection,
             "sidecar.toml:5: connections[0].max_attempts: is a string; expected an integer, 0 or more\n"},
        Case{"string_for_boolean", kConnection + "use_tls = \"true\"\n" + kAfterConnection,
             "sidecar.toml:5: connections[0].use_tls: is a string; expected true or false\n"},
        Case{"integer_for_string", kConnection + "name = 5\n" + kAfterConnection,
             "sidecar.toml:5: connections[0].name: is an integer; expected a string that is not empty\n"},
        Case{"date_for_integer", kConnection + "max_attempts = 2024-01-01\n" + kAfterConnection,
             "sidecar.toml:5: connections[0].max_attempts: is a date or a time; expected an integer, 0 or "
             "more\n"},
        Case{"section_for_integer", kConnection + "max_attempts = {}\n" + kAfterConnection,
             "sidecar.toml:5: connections[0].max_attempts: is a section; expected an integer, 0 or more\n"},
        Case{"zero_timeout", kConnection + "connection_timeout_in_seconds = 0\n" + kAfterConnection,
             "sidecar.toml:5: connections[0].connection_timeout_in_seconds: is 0; expected an integer, 1 or "
             "more\n"},
        Case{
            "event_size", kConnection + "max_event_size_in_mb = 2048\n" + kAfterConnection,
            "sidecar.toml:5: connections[0].max_event_size_in_mb: is 2048; expected an integer, 1 to 2047\n"},
        Case{"choice", kConnection + "retry_strategy = \"linear\"\n" + kAfterConnection,
             "sidecar.toml:5: connections[0].retry_strategy: is \"linear\"; expected \"fixed\" or "
             "\"exponential\"\n"},
        Case{"delays",
             kConnection + "retry_strategy = \"exponential\"\nmax_delay_between_retries_in_seconds = 4\n" +
                 kAfterConnection,
             "sidecar.toml:6: connections[0].max_delay_between_retries_in_seconds: is 4, less than "
             "delay_between_retries_in_seconds; expected 5 or more\n"},
        Case{"empty_string", kConnection + "name = \"\"\n" + kAfterConnection,
             "sidecar.toml:5: connections[0].name: is empty; expected a string that is not empty\n"},
        Case{"near_key", kConnection + "max_atempts = 5\n" + kAfterConnection,
             "sidecar.toml:5: connections[0].max_atempts: unknown key; did you mean \"max_attempts\"?\n"},
        Case{"far_key", kBeforeServers + "[rest_server]\n[event_stream_server]\nqqqq = 5\n",
             "sidecar.toml:10: event_stream_server.qqqq: unknown key; expected one of port, bind_address, "
             "max_concurrent_subscribers, event_stream_buffer_length, event_stream_buffer_size_in_mb, "
             "max_storage_replays, subscriber_write_timeout_in_seconds, coalesce_ms, use_io_uring, "
             "threads, max_subscribers_per_ip, trusted_proxies, max_subscriber_lag_in_events\n"},
        Case{"no_network", kMinimal + "trusted_proxies = [\"10.0.0.0/8\", \"proxy\"]\n",
             "sidecar.toml:10: event_stream_server.trusted_proxies: holds \"proxy\"; expected a list of "
             "addresses such as \"10.0.0.1\" and networks such as \"10.0.0.0/8\"\n"},
        Case{"key_of_another_section", kMinimal + "coalesce_ms = 5\nfile_name = \"x\"\n",
             "sidecar.toml:11: event_stream_server.file_name: unknown key here; expected in "
             "[storage.sqlite_config]\n"},
        Case{"key_of_two_sections",
             kBeforeServers + "max_connections_in_pool = 5\n[tls]\ncertificate_file = \"c\"\n" +
                 "private_key_file = \"k\"\nport = 5\n" + kServers,
             "sidecar.toml:12: tls.port: unknown key here; expected in [storage.postgresql_config] or "
             "[rest_server] "
             "or [event_stream_server] or [admin_server]\n"},
        Case{"near_section", kMinimal + "[admin_sever]\nport = 1\n",
             "sidecar.toml:10: admin_sever: unknown section; did you mean \"admin_server\"?\n"},
        Case{"section_in_the_wrong_place", kMinimal + "[retention]\nmax_age_in_days = 1\n",
             "sidecar.toml:10: retention: unknown section here; expected in [storage.retention]\n"},
        Case{"section_inside_a_leaf", kMinimal + "[rest_server.qqqqqq]\n",
             "sidecar.toml:10: rest_server.qqqqqq: unknown section; expected none here\n"},
        Case{"value_for_section", "tls = 5\n" + kMinimal,
             "sidecar.toml:1: tls: is an integer; expected the section [tls]\n"},
        Case{"list_for_section", kMinimal + "[[admin_server]]\nport = 5\n",
             "sidecar.toml:10: admin_server: is a list; expected the section [admin_server]\n"},
        Case{"one_section_for_connections", "[connections]\nip_address = \"a\"\n" + kAfterConnection,
             "sidecar.toml:1: connections: is a section; expected [[connections]], one section for each "
             "node\n"},
        Case{"no_connection_in_the_list", "connections = []\n" + kAfterConnection,
             "sidecar.toml:1: connections: is empty; expected at least one [[connections]]\n"},
        Case{"list_of_no_sections", "connections = [5]\n" + kAfterConnection,
             "sidecar.toml:1: connections[0]: is an integer; expected a section [[connections]]\n"},
        Case{"no_connection", kAfterConnection,
             "sidecar.toml: connections: is missing; expected the section [[connections]] with ip_address, "
             "sse_port, "
             "rest_port\n"},
        Case{"no_storage", kConnection + kServers,
             "sidecar.toml: storage: is missing; expected the section [storage] with storage_path\n"},
        Case{"no_rest_server", kBeforeServers + "[event_stream_server]\n",
             "sidecar.toml: rest_server: is missing; expected the section [rest_server]\n"},
        Case{"no_event_stream_server", kBeforeServers + "[rest_server]\n",
             "sidecar.toml: event_stream_server: is missing; expected the section [event_stream_server]\n"},
        Case{"missing_key", "\n[[connections]]\nip_address = \"a\"\nsse_port = 1\n" + kAfterConnection,
             "sidecar.toml:2: connections[0].rest_port: is missing; expected a port, 1 to 65535\n"},
        Case{"missing_path", kConnection + "[storage]\n" + kSqlite + kServers,
             "sidecar.toml:5: storage.storage_path: is missing; expected a string that is not empty\n"},
        Case{"tls_half", kMinimal + "[tls]\ncertificate_file = \"c\"\n",
             "sidecar.toml:10: tls.private_key_file: is missing; expected a string that is not empty\n"},
        Case{
            "no_database", kConnection + kStoragePath + kServers,
            "sidecar.toml:5: storage: names no database; expected exactly one of [storage.sqlite_config] and "
            "[storage.postgresql_config], or SIDECAR_POSTGRES_* variables\n"},
        Case{"two_databases",
             kConnection + kStoragePath + kSqlite + "[storage.postgresql_config]\n" + kServers,
             "sidecar.toml:8: storage.postgresql_config: is given beside [storage.sqlite_config]; expected "
             "exactly "
             "one of the two\n"},
        Case{"bind_address_is_a_name", kMinimal + "bind_address = \"localhost\"\n",
             "sidecar.toml:10: event_stream_server.bind_address: is \"localhost\"; expected an IP address "
             "such as "
             "\"127.0.0.1\" or \"::1\"\n"},
        Case{"unknown_kind",
             kBeforeServers + "[storage.retention]\nkeep_kinds = [\"Step\", \"Stop\"]\n" + kServers,
             "sidecar.toml:9: storage.retention.keep_kinds: holds \"Stop\"; expected a list of "
             "\"ApiVersion\", "
             "\"BlockAdded\", \"DeployAccepted\", \"DeployProcessed\", \"DeployExpired\", \"Fault\", "
             "\"FinalitySignature\", \"Step\" and \"Shutdown\"\n"},
        Case{"same_node", kConnection + kConnection + kAfterConnection,
             "sidecar.toml:7: connections[1].sse_port: is the same node as connections[0] (line 1); expected "
             "every "
             "ip_address with sse_port once\n"},
        Case{"same_name",
             kConnection +
                 "name = \"n\"\n[[connections]]\nip_address = \"a\"\nsse_port = 1\nrest_port = 2\n" +
                 "name = \"n\"\n" + kAfterConnection,
             "sidecar.toml:10: connections[1].name: is \"n\", the name of connections[0] (line 1); expected "
             "a name of "
             "its own\n"},
        Case{"name_that_another_has_by_default",
             kConnection + "[[connections]]\nip_address = \"a\"\nsse_port = 1\nrest_port = 2\n" +
                 "name = \"127.0.0.1:18101\"\n" + kAfterConnection,
             "sidecar.toml:9: connections[1].name: is \"127.0.0.1:18101\", the name of connections[0] (line "
             "1); "
             "expected a name of its own\n"},
        Case{"same_port", kBeforeServers + "[rest_server]\nport = 19999\n[event_stream_server]\n",
             "sidecar.toml:10: event_stream_server.port: is 19999, which is rest_server.port (line 9); "
             "expected a "
             "port of its own\n"},
        Case{"same_port_by_default",
             kMinimal + "bind_address = \"127.0.0.1\"\n[admin_server]\nport = 19999\nbind_address = \"::\"\n",
             "sidecar.toml:12: admin_server.port: is 19999, which is event_stream_server.port (line 9); "
             "expected a "
             "port of its own\n"},
        Case{"socket_path", "control_socket = \"/" + std::string(107, 'x') + "\"\n" + kMinimal,
             "sidecar.toml:1: control_socket: is \"/" + std::string(79, 'x') +
                 "…\"; expected a path of 1 to 107 bytes\n"},
        Case{"control_characters_are_not_shown",
             kConnection + "retry_strategy = \"a\\nb\"\n" + kAfterConnection,
             "sidecar.toml:5: connections[0].retry_strategy: is \"a?b\"; expected \"fixed\" or "
             "\"exponential\"\n"}),
    [](const testing::TestParamInfo<Case>& tested) { return tested.param.name; });

TEST(ConfigHosts, only_addresses_and_host_names_are_taken) {
    const auto with_host = [](const std::string& host) {
        return problems_of("[[connections]]\nip_address = \"" + host + "\"\nsse_port = 1\nrest_port = 2\n" +
                           kAfterConnection);
    };
    for (const auto* host :
         {"10.0.0.1", "::1", "fe80::1", "localhost", "node-1.example.org", "my_node", "example.org."}) {
        EXPECT_EQ(with_host(host), "") << host;
    }
    for (const auto* host :
         {"", "http://a", "a:9999", "10.0.0.256", "10.0.0", "a b", "[::1]", "a..b", "-a", "a/"}) {
        EXPECT_THAT(with_host(host), HasSubstr("expected an IP address or a host name")) << host;
    }
}

TEST(ConfigZeros, are_problems_where_they_make_no_sense) {
    for (const auto* key :
         {"port", "max_concurrent_subscribers", "event_stream_buffer_length",
          "event_stream_buffer_size_in_mb", "max_storage_replays", "subscriber_write_timeout_in_seconds"}) {
        EXPECT_THAT(
            problems_of(kMinimal + key + " = 0\n"),
            StartsWith("sidecar.toml:10: event_stream_server." + std::string(key) + ": is 0; expected "));
    }
    for (const auto* key :
         {"coalesce_ms", "threads", "max_subscribers_per_ip", "max_subscriber_lag_in_events"}) {
        EXPECT_EQ(problems_of(kMinimal + key + " = 0\n"), "");
    }
    for (const auto* key :
         {"max_concurrent_requests", "max_requests_per_second", "request_timeout_in_seconds"}) {
        EXPECT_THAT(problems_of(kBeforeServers + "[event_stream_server]\n[rest_server]\n" + key + " = 0\n"),
                    StartsWith("sidecar.toml:10: rest_server." + std::string(key) + ": is 0; expected "));
    }
}

TEST(ConfigManyProblems, all_are_told_at_once_in_the_order_of_lines) {
    const auto result = parse(R"(unknown_at_top = 1
[[connections]]
ip_address = ""
sse_port = 0
[[connections]]
ip_address = "127.0.0.1"
sse_port = "18101"
rest_port = 14101
[storage]
[storage.sqlite_config]
max_connections_in_pool = 0
[event_stream_server]
max_concurrent_subscribers = 1.5
port = 18888
)",
                              {{"SIDECAR_POSTGRES_PORT", "x"}});
    EXPECT_FALSE(result.config);
    std::vector<std::pair<unsigned, std::string>> found;
    for (const auto& problem : result.problems) found.emplace_back(problem.line, problem.key);
    const std::vector<std::pair<unsigned, std::string>> expected{
        {1, "unknown_at_top"},
        {2, "connections[0].rest_port"},
        {3, "connections[0].ip_address"},
        {4, "connections[0].sse_port"},
        {7, "connections[1].sse_port"},
        {9, "storage.storage_path"},
        {11, "storage.sqlite_config.max_connections_in_pool"},
        {13, "event_stream_server.max_concurrent_subscribers"},
        {0, "rest_server"},
    };
    EXPECT_EQ(found, expected);
}

TEST(ConfigManyProblems, a_key_that_is_wrong_itself_is_not_compared_with_others) {
    const auto said =
        problems_of(kBeforeServers + "[rest_server]\nport = 0\n[event_stream_server]\nport = 18888\n");
    EXPECT_EQ(said, "sidecar.toml:9: rest_server.port: is 0; expected a port, 1 to 65535\n");
}

TEST(ConfigSyntax, names_the_line) {
    const std::vector<std::pair<std::string, unsigned>> cases{
        {"a = 1\nb = \n", 2},
        {"a = 1\n\nb b\n", 3},
        {"[x\n", 1},
        {"x = \"\"\"abc\n\ny = 1\n", 1},
        {"x = [1,\n2\n\ny = 1\n", 4},
        {"a = 1\na = 2\n", 2},
        {"[x]\n[y]\n[x]\n", 3},
        {"= 1\n", 1},
        {"x = 1\r\ny = 'a\r\n", 2},
        {"x = 1 y = 2\n", 1},
        {"x = 0123\n", 1},
        {"\xff\xfe = 1\n", 1},
        {"x = 1\ny = '1\xff.\xff\xff'\n", 2},
        {"x = 1\ny = \"\"\"\n\xe4\"\"\"\n", 3},
        {"[\xfc]\nx = 1\n", 1},
        {"x = {a = 1,\nb = 2}\n", 1},
    };
    for (const auto& [text, line] : cases) {
        const auto result = parse(text);
        EXPECT_FALSE(result.config) << text;
        const bool found =
            std::any_of(result.problems.begin(), result.problems.end(), [line = line](const auto& problem) {
                return problem.line == line && problem.message.starts_with("not valid TOML");
            });
        EXPECT_TRUE(found) << text << describe(result);
    }
}

TEST(ConfigSyntax, a_faulty_line_does_not_hide_the_others) {
    EXPECT_EQ(problems_of(kConnection + "max_attempts = ten\nuse_tls = 5\nname = \"a\n" + kAfterConnection),
              "sidecar.toml:5: not valid TOML: the value cannot be read; expected KEY = VALUE or "
              "[SECTION]\n"
              "sidecar.toml:6: connections[0].use_tls: is an integer; expected true or false\n"
              "sidecar.toml:7: not valid TOML: the next token is not a valid string; expected KEY = VALUE or "
              "[SECTION]\n");
}

TEST(ConfigSyntax, what_is_not_utf8_is_named_once) {
    EXPECT_EQ(problems_of(kConnection + "name = \"Z\xfcrich\"\nuse_tls = 5\n" + kAfterConnection),
              "sidecar.toml:5: not valid TOML: not UTF-8; save the file in this encoding\n"
              "sidecar.toml:6: connections[0].use_tls: is an integer; expected true or false\n");
}

TEST(ConfigSyntax, a_key_on_a_faulty_line_is_not_called_missing) {
    EXPECT_EQ(problems_of("[[connections]]\nip_address = \"a\"\nsse_port = 18x01\nrest_port = 1\n" +
                          kAfterConnection),
              "sidecar.toml:3: not valid TOML: invalid line format; expected KEY = VALUE or [SECTION]\n");
}

TEST(ConfigSyntax, keys_below_a_faulty_header_are_not_misread) {
    EXPECT_THAT(problems_of(kBeforeServers + "[rest_server\nport = 5\n[event_stream_server]\n"),
                AllOf(StartsWith("sidecar.toml:8: not valid TOML"), Not(HasSubstr("sqlite_config"))));
}

TEST(ConfigSyntax, many_faulty_lines_end_in_a_few_problems) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "oops\n";
    EXPECT_EQ(parse(text).problems.size(), 10U);
}

TEST(ConfigSyntax, an_empty_file_lacks_every_required_section) {
    EXPECT_EQ(parse("").problems.size(), 4U);
}

}  // namespace
