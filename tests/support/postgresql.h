#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/process.h"

namespace support {

/// A PostgreSQL server on loopback with a folder of its own, which ends with the object: with the test
/// process, too, if that is killed. It does what a real one does, fsync included.
class PostgresqlServer {
  public:
    static constexpr const char* kUser = "sidecar";
    static constexpr const char* kPassword = "it's a \\ \"secret\" = 100%";

    PostgresqlServer();
    ~PostgresqlServer();
    PostgresqlServer(const PostgresqlServer&) = delete;
    PostgresqlServer& operator=(const PostgresqlServer&) = delete;

    /// The one of this process, started when it is first asked for.
    [[nodiscard]] static PostgresqlServer& shared();

    [[nodiscard]] std::uint16_t port() const { return port_; }

    /// A database without our schema; its name. To be given back, as making one takes long.
    [[nodiscard]] std::string lend_database();
    void give_back(const std::string& database);

    /// Starts it again, and waits until it takes connections.
    void start();
    /// As a crash: without a word to its clients, without a checkpoint.
    void stop_immediately();
    /// Holds all its processes, as a machine that hangs; and lets them go on.
    void freeze();
    void thaw();

    /// Runs SQL; the first column of the first row, if there is one.
    std::optional<std::string> query(const std::string& database, const std::string& sql) const;
    [[nodiscard]] std::string connection_string(const std::string& database) const;

  private:
    void make_cluster();
    void signal_all(int number) const;

    TemporaryFolder folder_;
    std::uint16_t port_;
    int databases_ = 1;
    std::vector<std::string> free_databases_{"postgres"};
    std::optional<Process> process_;
};

}  // namespace support
