#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/certificates.h"
#include "support/process.h"
#include "support/raw_client.h"

namespace support {

class PostgresqlServer;

/// casper-node-sim on ports of its own choice.
class SimulatedNetwork {
  public:
    struct Ports {
        std::uint16_t sse = 0;
        std::uint16_t rest = 0;
    };

    /// Waits until it is ready. The arguments are those of the command line, without ports.
    SimulatedNetwork(const std::filesystem::path& folder, std::vector<std::string> arguments);

    [[nodiscard]] const std::vector<Ports>& nodes() const { return nodes_; }
    /// One request to its control port.
    std::string control(const std::string& method, const std::string& target,
                        const std::string& body = {}) const;
    /// A fault as `--fault` takes it, now.
    void fault(const std::string& text) const;
    [[nodiscard]] Process& process() { return process_; }

  private:
    Process process_;
    std::vector<Ports> nodes_;
    std::uint16_t control_port_ = 0;
};

/// Runs event-sidecar with these arguments to its end; the exit code, what it printed in `output`.
[[nodiscard]] int run_sidecar(const std::vector<std::string>& arguments, const std::filesystem::path& output,
                              const std::map<std::string, std::string>& environment = {});

/// event-sidecar with a configuration of its own, which can be killed and started again.
class Sidecar {
  public:
    struct Settings {
        std::vector<SimulatedNetwork::Ports> nodes;
        std::string connection_keys;  ///< further lines for each [[connections]]
        std::string storage_keys;     ///< further lines for [storage]
        std::string sqlite_keys;
        std::string database_section;  ///< instead of [storage.sqlite_config]
        std::string stream_keys = "max_concurrent_subscribers = 500";
        std::string rest_keys = "max_concurrent_requests = 1000\nmax_requests_per_second = 100000";
        std::string top_keys;
        std::optional<std::string> admin_keys;  ///< further lines for [admin_server]; none: no such section
        std::optional<CertificateFiles> tls;    ///< served over TLS, by this certificate
        std::filesystem::path authority;        ///< which issued it
        std::filesystem::path storage_path;     ///< default: a folder below the given one
        std::map<std::string, std::string> environment;

        /// The events go to this server's database `postgres`, the password comes by the environment.
        void store_in(const PostgresqlServer& server);
    };

    /// Writes the configuration; does not start yet.
    Sidecar(const std::filesystem::path& folder, const Settings& settings);

    /// Starts it and waits until its streams are served.
    void start();
    /// Starts it without waiting.
    void launch();
    void kill();
    /// A client of the streams, over TLS if they are.
    [[nodiscard]] RawClient connect() const;
    /// SIGTERM, and the exit code.
    int stop();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::uint16_t rest_port() const { return rest_port_; }
    [[nodiscard]] std::uint16_t admin_port() const { return admin_port_; }
    [[nodiscard]] Process& process() { return process_.value(); }
    [[nodiscard]] std::string log() const { return read_file(log_); }
    [[nodiscard]] const std::filesystem::path& config_file() const { return config_; }

  private:
    [[nodiscard]] bool serves() const;

    std::filesystem::path config_;
    std::filesystem::path log_;
    std::map<std::string, std::string> environment_;
    std::filesystem::path authority_;  ///< empty: plain HTTP
    std::uint16_t port_;
    std::uint16_t rest_port_;
    std::uint16_t admin_port_;
    std::optional<Process> process_;
};

}  // namespace support
