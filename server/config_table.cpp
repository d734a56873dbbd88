#include "server/config_table.h"

#include <array>

#include "server/config_codec.h"

namespace server {
namespace {

using storage::PostgresqlOptions;
using storage::RetentionOptions;
using storage::SqliteOptions;
using upstream::NodeOptions;
using StorageOptions = storage::Options;
using RestOptions = rest::Options;
using StreamOptions = stream::Options;
using AdminOptions = admin::Options;

constexpr std::array<SectionRow, 10> kSections{{
    {Section::Top, Section::Top, "", "", false, "Above the first section."},
    {Section::Connections, Section::Top, "connections", "[[connections]]", true,
     "One section for each node that is read."},
    {Section::Storage, Section::Top, "storage", "[storage]", true, "Where events are kept."},
    {Section::Sqlite, Section::Storage, "sqlite_config", "[storage.sqlite_config]", false,
     "Keep events in SQLite. Exactly one of this section and `[storage.postgresql_config]` is given."},
    {Section::Postgresql, Section::Storage, "postgresql_config", "[storage.postgresql_config]", false,
     "Keep events in PostgreSQL. The section may be left out when `SIDECAR_POSTGRES_*` variables are set."},
    {Section::Retention, Section::Storage, "retention", "[storage.retention]", false,
     "Delete old events. Without this section events are kept for ever."},
    {Section::RestServer, Section::Top, "rest_server", "[rest_server]", true, "Queries over stored events."},
    {Section::EventStreamServer, Section::Top, "event_stream_server", "[event_stream_server]", true,
     "The event streams that subscribers read."},
    {Section::AdminServer, Section::Top, "admin_server", "[admin_server]", false,
     "Metrics and health. Without this section there is no admin server."},
    {Section::Tls, Section::Top, "tls", "[tls]", false,
     "Serve everything over TLS. Without this section nothing is."},
}};

KeyRule required(KeyRule rule = {}) {
    rule.required = true;
    return rule;
}
KeyRule at_least(std::int64_t min) {
    return {.min = min};
}
KeyRule between(std::int64_t min, std::int64_t max) {
    return {.min = min, .max = max};
}
KeyRule port() {
    return between(1, 65535);
}
KeyRule one_of(std::vector<std::string_view> choices) {
    return {.choices = std::move(choices)};
}
KeyRule with_format(TextFormat format) {
    return {.format = format};
}
KeyRule from(std::string_view environment, KeyRule rule = {}) {
    rule.environment = environment;
    return rule;
}
KeyRule default_is(std::string_view text, KeyRule rule = {}) {
    rule.default_text = text;
    return rule;
}
KeyRule secret(KeyRule rule) {
    rule.secret = true;
    return rule;
}

KeyRule event_kinds() {
    KeyRule rule;
    for (const auto& row : base::kKinds) rule.choices.push_back(row.name);
    return rule;
}

KeyRule networks() {
    KeyRule rule;
    rule.format = TextFormat::Network;
    return rule;
}

/// A key of the Rust sidecar that has no meaning here.
KeyRow ignored_key(std::string_view name) {
    return {Section::Top,
            name,
            ValueType::Integer,
            default_is("none"),
            "Accepted and ignored.",
            [](const ConfigDraft&) { return ConfigValue{}; },
            [](ConfigDraft&, const ConfigValue&) {}};
}

/// Collects rows; knows the section at hand and picks the codec by the member's type.
class TableBuilder {
  public:
    TableBuilder& in(Section section) {
        section_ = section;
        return *this;
    }

    template <class Part, class T>
    TableBuilder& key(std::string_view name, T Part::*member, KeyRule rule, std::string_view help) {
        rows_.push_back(make_key<Codec<T>>(section_, name, member, std::move(rule), help));
        return *this;
    }

    template <class Part>
    TableBuilder& megabytes(std::string_view name, std::size_t Part::*member, KeyRule rule,
                            std::string_view help) {
        rows_.push_back(make_key<MegabyteCodec>(section_, name, member, std::move(rule), help));
        return *this;
    }

    TableBuilder& ignored(std::string_view name) {
        rows_.push_back(ignored_key(name));
        return *this;
    }

    [[nodiscard]] std::vector<KeyRow> take() { return std::move(rows_); }

  private:
    Section section_ = Section::Top;
    std::vector<KeyRow> rows_;
};

void add_top(TableBuilder& table) {
    table.in(Section::Top)
        .key("exit_when_nodes_unavailable", &Config::exit_when_nodes_unavailable, {},
             "Stop with an error when every node is given up. With false the sidecar goes on serving.")
        .key("control_socket", &Config::control_socket,
             default_is("control.sock in `storage_path`", with_format(TextFormat::SocketPath)),
             "Path of the Unix socket through which `event-sidecar nodes` talks to this sidecar.")
        .ignored("inbound_channel_size")
        .ignored("outbound_channel_size");
}

void add_connections(TableBuilder& table) {
    table.in(Section::Connections)
        .key("ip_address", &NodeOptions::ip_address, required(with_format(TextFormat::Host)), "The node.")
        .key("sse_port", &NodeOptions::sse_port, required(port()), "The node's event stream port.")
        .key("rest_port", &NodeOptions::rest_port, required(port()), "The node's REST port.")
        .key("max_attempts", &NodeOptions::max_attempts, at_least(0),
             "Failures in a row after which the node is given up. 0: not connected until an operator resumes "
             "it.")
        .key("delay_between_retries_in_seconds", &NodeOptions::delay_between_retries, at_least(0),
             "Wait before the next attempt.")
        .key("allow_partial_connection", &NodeOptions::allow_partial_connection, {},
             "Read the node also when only some of its endpoints answer.")
        .key("enable_logging", &NodeOptions::enable_logging, {}, "Log this node's connection.")
        .key("connection_timeout_in_seconds", &NodeOptions::connection_timeout, at_least(1),
             "Longest time for a connection to be made.")
        .key("no_message_timeout_in_seconds", &NodeOptions::no_message_timeout, at_least(1),
             "A stream that sends nothing for so long, keep-alives included, is connected anew.")
        .key("sleep_between_keep_alive_checks_in_seconds", &NodeOptions::sleep_between_keep_alive_checks,
             at_least(1), "How often that is checked.")
        .key("name", &NodeOptions::name, default_is("ip_address:sse_port"),
             "The node's name in logs and metrics; unique. Its stored position goes by it.")
        .key("use_tls", &NodeOptions::use_tls, {},
             "Read the node over https; its certificate must be for `ip_address` and from an authority that "
             "the system trusts.")
        .megabytes("max_event_size_in_mb", &NodeOptions::max_event_size, between(1, 2047),
                   "A larger event is not read.")
        .key("retry_strategy", &NodeOptions::retry_strategy, one_of({"fixed", "exponential"}),
             "\"exponential\" doubles the wait after each failure.")
        .key("max_delay_between_retries_in_seconds", &NodeOptions::max_delay_between_retries, at_least(1),
             "The longest wait of the exponential strategy.")
        .key("healthy_reset_after_in_seconds", &NodeOptions::healthy_reset_after, at_least(0),
             "A connection that lasts so long sets the count of failures back to 0.")
        .key("defunct_retry_after_in_seconds", &NodeOptions::defunct_retry_after, at_least(0),
             "Try a node that was given up again after so long. 0: never.");
}

void add_storage(TableBuilder& table) {
    table.in(Section::Storage)
        .key("storage_path", &StorageOptions::storage_path, required(), "Folder for files; made if missing.")
        .key("network_name", &StorageOptions::network_name, {},
             "The only network whose nodes are read. Without it the first network that is seen.")
        .key("instance_name", &StorageOptions::instance_name, default_is("the host's name"),
             "This sidecar's name, where several share a database.")
        .key("compression", &StorageOptions::compression, one_of({"none", "zstd"}),
             "How stored events are packed.");
    table.in(Section::Sqlite)
        .key("file_name", &SqliteOptions::file_name, {}, "The database's file in `storage_path`.")
        .key("max_connections_in_pool", &SqliteOptions::max_connections_in_pool, at_least(1),
             "Most readers at one time: up to 8, but no more than half, for REST, the others for replays. At "
             "least one each.")
        .key("wal_autocheckpointing_interval", &SqliteOptions::wal_autocheckpointing_interval, at_least(0),
             "Pages of the write-ahead log after which it is copied into the database. On disk, it keeps "
             "room for "
             "four times as many, 64 MB at most.")
        .key("synchronous", &SqliteOptions::synchronous, one_of({"NORMAL", "FULL"}),
             "\"NORMAL\" is faster, but a power cut can lose the newest events and give their ids twice.");
    table.in(Section::Postgresql)
        .key("database_name", &PostgresqlOptions::database_name, from("SIDECAR_POSTGRES_DATABASE_NAME"),
             "The database.")
        .key("host", &PostgresqlOptions::host, from("SIDECAR_POSTGRES_HOST"), "The server.")
        .key("port", &PostgresqlOptions::port, from("SIDECAR_POSTGRES_PORT", port()), "The server's port.")
        .key("database_username", &PostgresqlOptions::database_username, from("SIDECAR_POSTGRES_USERNAME"),
             "The user.")
        .key("database_password", &PostgresqlOptions::database_password,
             from("SIDECAR_POSTGRES_PASSWORD", secret(with_format(TextFormat::Any))),
             "The user's password. Better given by its environment variable than in a file.")
        .key("max_connections_in_pool", &PostgresqlOptions::max_connections_in_pool,
             from("SIDECAR_POSTGRES_MAX_CONNECTIONS", at_least(1)), "Most connections at one time.");
    table.in(Section::Retention)
        .key("max_age_in_days", &RetentionOptions::max_age_in_days, at_least(1), "Older events are deleted.")
        .key("max_size_in_mb", &RetentionOptions::max_size_in_mb, at_least(1),
             "The oldest events are deleted when the log is larger.")
        .key("keep_kinds", &RetentionOptions::keep_kinds, event_kinds(), "Kinds that are never deleted.");
}

constexpr std::string_view kBindHelp = "The address to listen on. \"0.0.0.0\": all of IPv4; \"::\": all.";

void add_servers(TableBuilder& table) {
    table.in(Section::RestServer)
        .key("port", &RestOptions::port, port(), "The port to listen on.")
        .key("bind_address", &RestOptions::bind_address, with_format(TextFormat::IpAddress), kBindHelp)
        .key("max_concurrent_requests", &RestOptions::max_concurrent_requests, at_least(1),
             "Most requests answered at one time; others wait.")
        .key("max_requests_per_second", &RestOptions::max_requests_per_second, at_least(1),
             "Most requests answered in a second; others wait.")
        .key("request_timeout_in_seconds", &RestOptions::request_timeout, at_least(1),
             "A request that has to wait longer is answered with 429.");
    table.in(Section::EventStreamServer)
        .key("port", &StreamOptions::port, port(), "The port to listen on.")
        .key("bind_address", &StreamOptions::bind_address, with_format(TextFormat::IpAddress), kBindHelp)
        .key("max_concurrent_subscribers", &StreamOptions::max_concurrent_subscribers, at_least(1),
             "Most subscribers over all endpoints.")
        .key("event_stream_buffer_length", &StreamOptions::event_stream_buffer_length, at_least(1),
             "Newest events held in memory; those that a subscriber has still to get come on top.")
        .megabytes("event_stream_buffer_size_in_mb", &StreamOptions::event_stream_buffer_size,
                   between(1, 1 << 20), "Most memory for events held in memory.")
        .key("max_storage_replays", &StreamOptions::max_storage_replays, at_least(1),
             "Most subscribers that are served from storage at one time; others wait.")
        .key("subscriber_write_timeout_in_seconds", &StreamOptions::subscriber_write_timeout, at_least(1),
             "A subscriber that takes nothing for so long is disconnected.")
        .key("coalesce_ms", &StreamOptions::coalesce, between(0, 60'000),
             "Gather live events for so many milliseconds before they are sent.")
        .key("use_io_uring", &StreamOptions::use_io_uring, {},
             "Send to many subscribers by one system call, where the kernel allows it.")
        .key("threads", &StreamOptions::threads, between(0, 256),
             "Threads that serve subscribers. 0: one for each core, 8 at most.")
        .key(
            "max_subscribers_per_ip", &StreamOptions::max_subscribers_per_ip, at_least(0),
            "Most subscribers from one address (of IPv6: from one /64 network); others get 429. 0: no limit.")
        .key("trusted_proxies", &StreamOptions::trusted_proxies, networks(),
             "Reverse proxies whose `X-Forwarded-For` tells the subscriber's address.")
        .key("max_subscriber_lag_in_events", &StreamOptions::max_subscriber_lag, at_least(0),
             "A subscriber whose socket is full and that is further behind is disconnected; where it came "
             "behind, "
             "when it has fallen back so far from there. 0: no limit.");
    table.in(Section::AdminServer)
        .key("port", &AdminOptions::port, port(), "The port to listen on.")
        .key("bind_address", &AdminOptions::bind_address, with_format(TextFormat::IpAddress), kBindHelp)
        .key("max_concurrent_requests", &AdminOptions::max_concurrent_requests, at_least(1),
             "Most requests answered at one time; others wait.")
        .key("max_requests_per_second", &AdminOptions::max_requests_per_second, at_least(1),
             "Most requests answered in a second; others wait.")
        .key("ready_max_block_age_in_seconds", &AdminOptions::ready_max_block_age, at_least(0),
             "`/health/ready` is 503 when the newest block was stored longer ago. 0: whatever its age.")
        .key("token", &AdminOptions::token, from("SIDECAR_ADMIN_TOKEN", secret(default_is("none"))),
             "Asked of those who change something by HTTP. Without it nothing can be changed so. "
             "Better given by its environment variable than in a file.");
    table.in(Section::Tls)
        .key("certificate_file", &tls::Options::certificate_file, required(),
             "The certificate chain, PEM, the server's own certificate first.")
        .key("private_key_file", &tls::Options::private_key_file, required(),
             "Its private key, PEM, not encrypted.")
        .key("min_version", &tls::Options::min_version, one_of({"1.2", "1.3"}),
             "The oldest version of TLS accepted.");
}

std::vector<KeyRow> make_table() {
    TableBuilder table;
    add_top(table);
    add_connections(table);
    add_storage(table);
    add_servers(table);
    return table.take();
}

}  // namespace

std::span<const SectionRow> config_sections() {
    return kSections;
}

std::span<const KeyRow> config_keys() {
    static const std::vector<KeyRow> table = make_table();
    return table;
}

ConfigDraft default_draft() {
    ConfigDraft draft;
    // In the options themselves 0 stands for any free port, which a file cannot ask for.
    std::get<RestOptions>(draft).port = 18888;
    std::get<StreamOptions>(draft).port = 19999;
    std::get<AdminOptions>(draft).port = 18887;
    return draft;
}

const SectionRow& row_of(Section section) {
    return kSections[static_cast<std::size_t>(section)];
}

const SectionRow* find_section(Section parent, std::string_view name) {
    for (const auto& row : kSections) {
        if (row.section != Section::Top && row.parent == parent && row.name == name) return &row;
    }
    return nullptr;
}

const KeyRow* find_key(Section section, std::string_view name) {
    for (const auto& row : config_keys()) {
        if (row.section == section && row.name == name) return &row;
    }
    return nullptr;
}

std::string path_of(Section section) {
    const auto& row = row_of(section);
    if (section == Section::Top || row.parent == Section::Top) return std::string(row.name);
    return path_of(row.parent) + "." + std::string(row.name);
}

}  // namespace server
