#include "support/postgresql.h"

#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <pqxx/pqxx>
#include <pwd.h>
#include <stdexcept>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace support {

namespace {

std::filesystem::path binaries() {
    for (const auto* folder :
         {"/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/local/bin", "/usr/bin"}) {
        if (std::filesystem::exists(std::filesystem::path(folder) / "initdb")) return folder;
    }
    throw std::runtime_error("PostgreSQL's initdb is not installed");
}

/// PostgreSQL refuses to run as root: then it runs as a user who may do little.
std::vector<std::string> as_other_user(const std::filesystem::path& folder) {
    std::vector<std::string> command{"/usr/bin/setpriv", "--pdeathsig", "QUIT"};
    if (::geteuid() != 0) return command;
    const auto* user = ::getpwnam("postgres");
    if (user == nullptr) user = ::getpwnam("nobody");
    if (user == nullptr) throw std::runtime_error("there is no user postgres or nobody");
    if (::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0)
        throw std::system_error(errno, std::generic_category(), "chown");
    command.insert(command.end(), {fmt::format("--reuid={}", user->pw_uid),
                                   fmt::format("--regid={}", user->pw_gid), "--clear-groups"});
    return command;
}

std::vector<std::string> joined(std::vector<std::string> first, const std::vector<std::string>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

}  // namespace

PostgresqlServer::PostgresqlServer() : port_(free_port()) {
    make_cluster();
    start();
}

PostgresqlServer::~PostgresqlServer() {
    thaw();
    stop_immediately();
}

PostgresqlServer& PostgresqlServer::shared() {
    static PostgresqlServer server;
    return server;
}

// A password is asked for, but by MD5: SCRAM's thousands of rounds for each connection take minutes of a test
// run under ThreadSanitizer.
void PostgresqlServer::make_cluster() {
    const auto password = folder_.path() / "password";
    write_file(password, kPassword);
    std::filesystem::permissions(password, std::filesystem::perms::all);
    auto command = joined(as_other_user(folder_.path()),
                          {(binaries() / "initdb").string(), "-D", (folder_.path() / "data").string(), "-U",
                           kUser, "--auth=md5", "--pwfile=" + password.string(), "-E", "UTF8", "--locale=C",
                           "--no-sync", "--no-instructions"});
    Process initdb(std::move(command), folder_.path() / "initdb.log");
    if (initdb.wait(std::chrono::minutes(2)) != 0) throw std::runtime_error("initdb: " + initdb.output());
}

void PostgresqlServer::start() {
    auto command = joined(as_other_user(folder_.path()),
                          {(binaries() / "postgres").string(), "-D", (folder_.path() / "data").string(), "-p",
                           std::to_string(port_), "-h", "127.0.0.1", "-k", "", "-c", "max_connections=60"});
    process_.emplace(std::move(command), folder_.path() / "server.log");
    const bool ready = eventually([this] {
        try {
            pqxx::connection connection(connection_string("postgres"));
            return true;
        } catch (const pqxx::broken_connection&) {
            return false;
        }
    });
    if (!ready) throw std::runtime_error("PostgreSQL: " + process_->output());
}

void PostgresqlServer::stop_immediately() {
    if (!process_) return;
    process_->signal(SIGQUIT);
    if (!process_->wait()) process_->kill_and_wait();
    process_.reset();
}

void PostgresqlServer::freeze() {
    signal_all(SIGSTOP);
}

void PostgresqlServer::thaw() {
    signal_all(SIGCONT);
}

void PostgresqlServer::signal_all(int number) const {
    if (!process_) return;
    std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", process_->pid()));
    process_->signal(number);
    for (pid_t child = 0; children >> child;) ::kill(child, number);
}

std::string PostgresqlServer::lend_database() {
    if (free_databases_.empty()) {
        free_databases_.push_back(fmt::format("log_{}", ++databases_));
        query("postgres", "CREATE DATABASE " + free_databases_.back());
    }
    auto name = std::move(free_databases_.back());
    free_databases_.pop_back();
    return name;
}

void PostgresqlServer::give_back(const std::string& database) {
    query(database, "SET client_min_messages = warning; DROP SCHEMA IF EXISTS event_sidecar CASCADE");
    free_databases_.push_back(database);
}

std::optional<std::string> PostgresqlServer::query(const std::string& database,
                                                   const std::string& sql) const {
    pqxx::connection connection(connection_string(database));
    pqxx::nontransaction alone(connection);
    const auto rows = alone.exec(sql);
    if (rows.empty() || rows[0][0].is_null()) return std::nullopt;
    return rows[0][0].as<std::string>();
}

std::string PostgresqlServer::connection_string(const std::string& database) const {
    std::string password;
    for (const char* c = kPassword; *c != '\0'; ++c) {
        if (*c == '\'' || *c == '\\') password += '\\';
        password += *c;
    }
    // What a test sets for a database is for the program under test.
    return fmt::format(
        "host=127.0.0.1 port={} dbname={} user={} password='{}' connect_timeout=5 "
        "options='-c default_transaction_read_only=off'",
        port_, database, kUser, password);
}

}  // namespace support
