#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <variant>

#include "unit/server/config_text.h"

namespace {

using namespace config_text;
using namespace std::chrono_literals;
using testing::ElementsAre;

server::Config loaded(std::string_view text, Variables variables = {}) {
    auto result = parse(text, std::move(variables));
    EXPECT_EQ(describe(result), "");
    return result.config.value_or(server::Config{});
}

TEST(ConfigValues, minimal_file_has_the_documented_defaults) {
    const auto config = loaded(kMinimal);
    EXPECT_TRUE(config.exit_when_nodes_unavailable);
    EXPECT_EQ(config.control_socket, std::nullopt);
    EXPECT_FALSE(config.admin_server);
    EXPECT_FALSE(config.tls);
    EXPECT_FALSE(config.storage.retention);

    ASSERT_EQ(config.connections.size(), 1U);
    const auto& node = config.connections[0];
    EXPECT_EQ(node.name, "127.0.0.1:18101");
    EXPECT_EQ(node.max_attempts, 10U);
    EXPECT_EQ(node.delay_between_retries, 5s);
    EXPECT_FALSE(node.allow_partial_connection);
    EXPECT_TRUE(node.enable_logging);
    EXPECT_EQ(node.connection_timeout, 5s);
    EXPECT_EQ(node.no_message_timeout, 120s);
    EXPECT_EQ(node.sleep_between_keep_alive_checks, 60s);
    EXPECT_EQ(node.max_event_size, std::size_t{64} << 20);

    EXPECT_EQ(config.rest_server.port, 18888);
    EXPECT_EQ(config.rest_server.bind_address, "0.0.0.0");
    EXPECT_EQ(config.rest_server.request_timeout, 10s);
    EXPECT_EQ(config.event_stream_server.port, 19999);
    EXPECT_EQ(config.event_stream_server.max_concurrent_subscribers, 100U);
    EXPECT_EQ(config.event_stream_server.event_stream_buffer_length, 5000U);
    EXPECT_EQ(config.event_stream_server.event_stream_buffer_size, std::size_t{64} << 20);

    const auto& sqlite = std::get<storage::SqliteOptions>(config.storage.database);
    EXPECT_EQ(sqlite.directory, "./target/storage");
    EXPECT_EQ(sqlite.file_name, "sqlite_database.db3");
    EXPECT_EQ(sqlite.max_connections_in_pool, 100U);
    EXPECT_EQ(sqlite.wal_autocheckpointing_interval, 1000U);
    EXPECT_EQ(sqlite.synchronous, storage::SqliteOptions::Synchronous::Full);
}

TEST(ConfigValues, instance_name_is_the_host_name_unless_given) {
    std::array<char, 256> host{};
    ASSERT_EQ(gethostname(host.data(), host.size() - 1), 0);
    EXPECT_EQ(loaded(kMinimal).storage.instance_name, host.data());
    const auto named = kConnection + kStoragePath + "instance_name = \"second\"\n" + kSqlite + kServers;
    EXPECT_EQ(loaded(named).storage.instance_name, "second");
}

TEST(ConfigValues, every_connection_key_is_read) {
    const auto config = loaded(R"([[connections]]
ip_address = "node.example.org"
sse_port = 9999
rest_port = 8888
max_attempts = 0
delay_between_retries_in_seconds = 1
allow_partial_connection = true
enable_logging = false
connection_timeout_in_seconds = 3
no_message_timeout_in_seconds = 61
sleep_between_keep_alive_checks_in_seconds = 31
name = "first"
use_tls = true
max_event_size_in_mb = 100
retry_strategy = "exponential"
max_delay_between_retries_in_seconds = 90
healthy_reset_after_in_seconds = 7
defunct_retry_after_in_seconds = 600
)" + kStoragePath + kSqlite + kServers);
    ASSERT_EQ(config.connections.size(), 1U);
    const auto& node = config.connections[0];
    EXPECT_EQ(node.ip_address, "node.example.org");
    EXPECT_EQ(node.sse_port, 9999);
    EXPECT_EQ(node.rest_port, 8888);
    EXPECT_EQ(node.max_attempts, 0U);
    EXPECT_EQ(node.delay_between_retries, 1s);
    EXPECT_TRUE(node.allow_partial_connection);
    EXPECT_FALSE(node.enable_logging);
    EXPECT_EQ(node.connection_timeout, 3s);
    EXPECT_EQ(node.no_message_timeout, 61s);
    EXPECT_EQ(node.sleep_between_keep_alive_checks, 31s);
    EXPECT_EQ(node.name, "first");
    EXPECT_TRUE(node.use_tls);
    EXPECT_EQ(node.max_event_size, std::size_t{100} << 20);
    EXPECT_EQ(node.retry_strategy, upstream::NodeOptions::RetryStrategy::Exponential);
    EXPECT_EQ(node.max_delay_between_retries, 90s);
    EXPECT_EQ(node.healthy_reset_after, 7s);
    EXPECT_EQ(node.defunct_retry_after, 600s);
}

TEST(ConfigValues, a_connection_takes_nothing_from_the_one_before) {
    const auto config =
        loaded(kConnection + "max_attempts = 3\nname = \"first\"\n[[connections]]\n" +
               "ip_address = \"::1\"\nsse_port = 1\nrest_port = 2\n" + kStoragePath + kSqlite + kServers);
    ASSERT_EQ(config.connections.size(), 2U);
    EXPECT_EQ(config.connections[1].max_attempts, 10U);
    EXPECT_EQ(config.connections[1].name, "[::1]:1");
}

TEST(ConfigValues, every_storage_and_server_key_is_read) {
    const auto config =
        loaded("exit_when_nodes_unavailable = false\ncontrol_socket = \"/run/sidecar.sock\"\n" + kConnection +
               R"([storage]
storage_path = "/data"
network_name = "casper"
compression = "none"
[storage.sqlite_config]
file_name = "events.db3"
max_connections_in_pool = 8
wal_autocheckpointing_interval = 0
synchronous = "NORMAL"
[storage.retention]
max_age_in_days = 30
max_size_in_mb = 5000
keep_kinds = ["Step", "Fault"]
[rest_server]
port = 1001
bind_address = "127.0.0.1"
max_concurrent_requests = 51
max_requests_per_second = 52
request_timeout_in_seconds = 53
[event_stream_server]
port = 1002
bind_address = "::1"
max_concurrent_subscribers = 1
event_stream_buffer_length = 2
event_stream_buffer_size_in_mb = 3
max_storage_replays = 4
subscriber_write_timeout_in_seconds = 5
coalesce_ms = 6
use_io_uring = false
threads = 7
max_subscribers_per_ip = 8
trusted_proxies = ["10.0.0.1", "fd00::/8"]
max_subscriber_lag_in_events = 1000
[admin_server]
bind_address = "127.0.0.2"
max_concurrent_requests = 2
max_requests_per_second = 3
ready_max_block_age_in_seconds = 4
token = "t"
[tls]
certificate_file = "c.pem"
private_key_file = "k.pem"
min_version = "1.3"
)");
    EXPECT_FALSE(config.exit_when_nodes_unavailable);
    EXPECT_EQ(config.control_socket, "/run/sidecar.sock");

    EXPECT_EQ(config.storage.network_name, "casper");
    EXPECT_EQ(config.storage.compression, storage::Options::Compression::None);
    const auto& sqlite = std::get<storage::SqliteOptions>(config.storage.database);
    EXPECT_EQ(sqlite.directory, "/data");
    EXPECT_EQ(sqlite.file_name, "events.db3");
    EXPECT_EQ(sqlite.max_connections_in_pool, 8U);
    EXPECT_EQ(sqlite.wal_autocheckpointing_interval, 0U);
    EXPECT_EQ(sqlite.synchronous, storage::SqliteOptions::Synchronous::Normal);
    ASSERT_TRUE(config.storage.retention);
    EXPECT_EQ(config.storage.retention->max_age_in_days, 30U);
    EXPECT_EQ(config.storage.retention->max_size_in_mb, 5000U);
    EXPECT_THAT(config.storage.retention->keep_kinds, ElementsAre(base::Kind::Step, base::Kind::Fault));

    EXPECT_EQ(config.rest_server.port, 1001);
    EXPECT_EQ(config.rest_server.bind_address, "127.0.0.1");
    EXPECT_EQ(config.rest_server.max_concurrent_requests, 51U);
    EXPECT_EQ(config.rest_server.max_requests_per_second, 52U);
    EXPECT_EQ(config.rest_server.request_timeout, 53s);

    const auto& stream = config.event_stream_server;
    EXPECT_EQ(stream.port, 1002);
    EXPECT_EQ(stream.bind_address, "::1");
    EXPECT_EQ(stream.max_concurrent_subscribers, 1U);
    EXPECT_EQ(stream.event_stream_buffer_length, 2U);
    EXPECT_EQ(stream.event_stream_buffer_size, std::size_t{3} << 20);
    EXPECT_EQ(stream.max_storage_replays, 4U);
    EXPECT_EQ(stream.subscriber_write_timeout, 5s);
    EXPECT_EQ(stream.coalesce, 6ms);
    EXPECT_FALSE(stream.use_io_uring);
    EXPECT_EQ(stream.threads, 7U);
    EXPECT_EQ(stream.max_subscribers_per_ip, 8U);
    EXPECT_EQ(stream.trusted_proxies, (std::vector<std::string>{"10.0.0.1", "fd00::/8"}));
    EXPECT_EQ(stream.max_subscriber_lag, 1000U);

    ASSERT_TRUE(config.admin_server);
    EXPECT_EQ(config.admin_server->port, 18887);
    EXPECT_EQ(config.admin_server->bind_address, "127.0.0.2");
    EXPECT_EQ(config.admin_server->max_concurrent_requests, 2U);
    EXPECT_EQ(config.admin_server->max_requests_per_second, 3U);
    EXPECT_EQ(config.admin_server->ready_max_block_age, 4s);
    EXPECT_EQ(config.admin_server->token, "t");
    ASSERT_TRUE(config.tls);
    EXPECT_EQ(config.tls->certificate_file, "c.pem");
    EXPECT_EQ(config.tls->private_key_file, "k.pem");
    EXPECT_EQ(config.tls->min_version, tls::MinVersion::Tls13);
}

TEST(ConfigValues, postgresql_section_may_be_empty) {
    const auto config = loaded(kConnection + kStoragePath + "[storage.postgresql_config]\n" + kServers);
    const auto& postgresql = std::get<storage::PostgresqlOptions>(config.storage.database);
    EXPECT_EQ(postgresql.host, "localhost");
    EXPECT_EQ(postgresql.port, 5432);
    EXPECT_EQ(postgresql.database_name, "event_sidecar");
    EXPECT_EQ(postgresql.database_username, "postgres");
    EXPECT_EQ(postgresql.max_connections_in_pool, 30U);
}

// The Rust sidecar's own files, as its operators have them.
TEST(ConfigValues, rust_file_with_sqlite) {
    const auto config = loaded(R"(inbound_channel_size = 1000
outbound_channel_size = 0

[[connections]]
    ip_address = "127.0.0.1"
    sse_port = 9999
    rest_port = 8888
    max_attempts = 18446744073709551
    delay_between_retries_in_seconds = 0
    allow_partial_connection = false
    enable_logging = true

[[connections]]
    ip_address = "168.254.51.2"
    sse_port = 9999
    rest_port = 8888
    max_attempts = 10
    delay_between_retries_in_seconds = 5
    allow_partial_connection = false
    enable_logging = true
    connection_timeout_in_seconds = 3

[storage]
storage_path = "/var/lib/casper-event-sidecar"

[storage.sqlite_config]
file_name = "sqlite_database.db3"
max_connections_in_pool = 100
# https://www.sqlite.org/compile.html#default_wal_autocheckpoint
wal_autocheckpointing_interval = 1000

[rest_server]
port = 18888
max_concurrent_requests = 50
max_requests_per_second = 50

[event_stream_server]
port = 19999
max_concurrent_subscribers = 100
event_stream_buffer_length = 5000

[admin_server]
port = 18887
max_concurrent_requests = 1
max_requests_per_second = 1
)");
    ASSERT_EQ(config.connections.size(), 2U);
    EXPECT_EQ(config.connections[0].max_attempts, std::numeric_limits<std::uint32_t>::max());
    EXPECT_EQ(config.connections[0].delay_between_retries, 0s);
    EXPECT_EQ(config.storage.storage_path, "/var/lib/casper-event-sidecar");
    ASSERT_TRUE(config.admin_server);
}

TEST(ConfigValues, rust_file_with_postgresql) {
    const auto config = loaded(kConnection + R"([storage]
storage_path = "./target/storage"

[storage.postgresql_config]
database_name = "other"
host = "db"
database_password = "p@$$w0rd"
database_username = "someone"
max_connections_in_pool = 31
)" + kServers);
    const auto& postgresql = std::get<storage::PostgresqlOptions>(config.storage.database);
    EXPECT_EQ(postgresql.database_name, "other");
    EXPECT_EQ(postgresql.host, "db");
    EXPECT_EQ(postgresql.database_password, "p@$$w0rd");
    EXPECT_EQ(postgresql.database_username, "someone");
    EXPECT_EQ(postgresql.max_connections_in_pool, 31U);
    EXPECT_EQ(postgresql.port, 5432);
}

TEST(ConfigValues, connections_may_be_inline_tables_and_lines_may_end_in_crlf) {
    const auto config = loaded(
        "connections = [ { ip_address = \"localhost\", sse_port = 1, rest_port = 2 },\r\n"
        "  { ip_address = \"localhost\", sse_port = 3, rest_port = 4 } ]\r\n" +
        kStoragePath + kSqlite + kServers);
    ASSERT_EQ(config.connections.size(), 2U);
    EXPECT_EQ(config.connections[1].sse_port, 3);
}

TEST(ConfigValues, a_storage_section_is_implied_by_its_children_and_dotted_keys) {
    const auto config = loaded("storage.storage_path = \"x\"\nstorage.sqlite_config.file_name = \"y\"\n" +
                               kConnection + kServers);
    EXPECT_EQ(config.storage.storage_path, "x");
    EXPECT_EQ(std::get<storage::SqliteOptions>(config.storage.database).file_name, "y");
}

TEST(ConfigValues, one_port_may_serve_on_two_addresses) {
    const auto config = loaded(kConnection + kStoragePath + kSqlite +
                               "[rest_server]\nport = 80\nbind_address = \"127.0.0.1\"\n"
                               "[event_stream_server]\nport = 80\nbind_address = \"127.0.0.2\"\n");
    EXPECT_EQ(config.rest_server.port, config.event_stream_server.port);
}

}  // namespace
