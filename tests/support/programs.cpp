#include "support/programs.h"

#include <csignal>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "support/paths.h"
#include "support/postgresql.h"
#include "support/raw_client.h"

namespace support {
namespace {

std::vector<std::string> sim_command(std::vector<std::string> arguments) {
    std::vector<std::string> command{simulator_program(), "--sse-port", "0",      "--rest-port", "0",
                                     "--control-port",    "0",          "--quiet"};
    for (auto& argument : arguments) command.push_back(std::move(argument));
    return command;
}

struct ServerPorts {
    std::uint16_t streams = 0;
    std::uint16_t rest = 0;
    std::uint16_t admin = 0;
};

std::string config_text(const Sidecar::Settings& settings, const std::filesystem::path& storage,
                        const ServerPorts& ports) {
    std::string text = settings.top_keys + "\n";
    for (const auto& node : settings.nodes) {
        text += fmt::format(
            "[[connections]]\nip_address = \"127.0.0.1\"\nsse_port = {}\nrest_port = {}\n"
            "delay_between_retries_in_seconds = 1\nmax_attempts = 1000\n{}\n",
            node.sse, node.rest, settings.connection_keys);
    }
    const auto database = settings.database_section.empty()
                              ? "[storage.sqlite_config]\n" + settings.sqlite_keys
                              : settings.database_section;
    text += fmt::format("[storage]\nstorage_path = \"{}\"\n{}\n{}\n", storage.string(), settings.storage_keys,
                        database);
    text += fmt::format("[rest_server]\nport = {}\nbind_address = \"127.0.0.1\"\n{}\n", ports.rest,
                        settings.rest_keys);
    text += fmt::format("[event_stream_server]\nport = {}\nbind_address = \"127.0.0.1\"\n{}\n", ports.streams,
                        settings.stream_keys);
    if (settings.admin_keys) {
        text += fmt::format("[admin_server]\nport = {}\nbind_address = \"127.0.0.1\"\n{}\n", ports.admin,
                            *settings.admin_keys);
    }
    if (settings.tls) {
        text += fmt::format("[tls]\ncertificate_file = \"{}\"\nprivate_key_file = \"{}\"\n",
                            settings.tls->certificate.string(), settings.tls->key.string());
    }
    return text;
}

}  // namespace

SimulatedNetwork::SimulatedNetwork(const std::filesystem::path& folder, std::vector<std::string> arguments)
    : process_(sim_command(std::move(arguments)), folder / "sim.log") {
    if (!process_.wait_for_output("\"nodes\""))
        throw std::runtime_error("the simulator: " + process_.output());
    const auto output = process_.output();
    const auto begin = output.find("{\"nodes\"");
    const auto ready = nlohmann::json::parse(output.substr(begin, output.find('\n', begin) - begin));
    for (const auto& node : ready.at("nodes")) nodes_.push_back({node.at("sse_port"), node.at("rest_port")});
    control_port_ = ready.at("control_port");
}

std::string SimulatedNetwork::control(const std::string& method, const std::string& target,
                                      const std::string& body) const {
    RawClient client(control_port_);
    client.send(
        fmt::format("{} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{}",
                    method, target, body.size(), body));
    if (!client.read_to_end()) throw std::runtime_error("no answer of the simulator's control port");
    if (!client.received().starts_with("HTTP/1.1 200")) throw std::runtime_error(client.received());
    return body_of(client.received());
}

void SimulatedNetwork::fault(const std::string& text) const {
    control("POST", "/faults", text);
}

Sidecar::Sidecar(const std::filesystem::path& folder, const Settings& settings)
    : config_(folder / "config.toml"),
      log_(folder / "sidecar.log"),
      environment_(settings.environment),
      authority_(settings.authority),
      port_(free_port()),
      rest_port_(free_port()),
      admin_port_(free_port()) {
    const auto storage = settings.storage_path.empty() ? folder / "storage" : settings.storage_path;
    write_file(config_, config_text(settings, storage, {port_, rest_port_, admin_port_}));
}

void Sidecar::launch() {
    process_.emplace(std::vector<std::string>{sidecar_program(), "--path-to-config", config_.string()}, log_,
                     environment_);
}

RawClient Sidecar::connect() const {
    RawClient client(port_);
    if (!authority_.empty()) client.start_tls({.authority = authority_});
    return client;
}

bool Sidecar::serves() const {
    try {
        return fetch(connect(), "HEAD /events/main HTTP/1.1\r\n").starts_with("HTTP/1.1 ");
    } catch (const std::exception&) {
        return false;
    }
}

void Sidecar::start() {
    launch();
    const bool ended_or_ready =
        eventually([this] { return serves() || process_->wait(std::chrono::milliseconds(0)).has_value(); });
    if (!ended_or_ready || !serves()) throw std::runtime_error("the sidecar does not serve: " + log());
}

void Sidecar::kill() {
    process_->kill_and_wait();
}

int Sidecar::stop() {
    process_->signal(SIGTERM);
    return process_->wait().value_or(-1);
}

int run_sidecar(const std::vector<std::string>& arguments, const std::filesystem::path& output,
                const std::map<std::string, std::string>& environment) {
    std::vector<std::string> all{sidecar_program()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    Process process(all, output, environment);
    return process.wait().value_or(-1);
}

void Sidecar::Settings::store_in(const PostgresqlServer& server) {
    database_section = fmt::format(
        "[storage.postgresql_config]\nhost = \"127.0.0.1\"\nport = {}\ndatabase_name = \"postgres\"\n"
        "database_username = \"{}\"\nmax_connections_in_pool = 8\n",
        server.port(), PostgresqlServer::kUser);
    environment = {{"SIDECAR_POSTGRES_PASSWORD", PostgresqlServer::kPassword}};
}

}  // namespace support
