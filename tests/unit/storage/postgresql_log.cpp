#include "postgresql_log.h"

#include <utility>

#include "log_metrics.h"

namespace storage_test {

storage::PostgresqlOptions to_options(const support::PostgresqlServer& server, std::string database) {
    storage::PostgresqlOptions options;
    options.host = "127.0.0.1";
    options.port = server.port();
    options.database_name = std::move(database);
    options.database_username = support::PostgresqlServer::kUser;
    options.database_password = support::PostgresqlServer::kPassword;
    options.max_connections_in_pool = 8;
    return options;
}

PostgresqlLog::PostgresqlLog(bool opened) {
    auto& server = support::PostgresqlServer::shared();
    options_.database = to_options(server, server.lend_database());
    options_.instance_name = "one";
    if (opened) open();
}

PostgresqlLog::PostgresqlLog(const PostgresqlLog& other, std::string instance)
    : owns_database_(false), options_(other.options_) {
    options_.instance_name = std::move(instance);
    open();
}

PostgresqlLog::~PostgresqlLog() {
    close();
    if (owns_database_) support::PostgresqlServer::shared().give_back(database());
}

const std::string& PostgresqlLog::database() const {
    return std::get<storage::PostgresqlOptions>(options_.database).database_name;
}

base::Result<std::unique_ptr<storage::PostgresqlEventLog>> PostgresqlLog::try_open() const {
    return storage::PostgresqlEventLog::open(options_, base::make_null_log(), log_metrics());
}

void PostgresqlLog::reopen() {
    close();
    open();
}

std::string PostgresqlLog::query(const std::string& sql) const {
    return support::PostgresqlServer::shared().query(database(), sql).value_or("");
}

}  // namespace storage_test
