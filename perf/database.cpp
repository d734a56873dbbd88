#include "database.h"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <pqxx/pqxx>

#include "base/log.h"

namespace perf {

namespace {

Database sqlite(const std::filesystem::path& folder) {
    storage::SqliteOptions sqlite;
    sqlite.directory = folder;
    const auto file = folder / sqlite.file_name;
    storage::Options options;
    options.storage_path = folder;
    options.database = sqlite;
    return {options, "sqlite", [file] { return std::filesystem::file_size(file); }, 0};
}

Database postgresql(std::span<char*> arguments) {
    storage::PostgresqlOptions database;
    database.host = arguments[0];
    database.port = static_cast<std::uint16_t>(std::atoi(arguments[1]));
    database.database_username = arguments[2];
    database.database_name = arguments[3];
    storage::Options options;
    options.storage_path = std::filesystem::temp_directory_path();
    options.database = database;
    options.instance_name = "bench";
    const auto connection = std::make_shared<pqxx::connection>(connection_string(database));
    const auto bytes = [connection] {
        pqxx::nontransaction alone(*connection);
        return alone.exec("SELECT pg_database_size(current_database())")[0][0].as<std::uint64_t>();
    };
    return {options, "postgresql", bytes, 0};
}

}  // namespace

std::string connection_string(const storage::PostgresqlOptions& options) {
    return fmt::format("host={} port={} user={} dbname={}", options.host, options.port,
                       options.database_username, options.database_name);
}

std::optional<Database> parse_database(std::span<char*> arguments, std::uint64_t millions) {
    const std::string form = arguments.empty() ? "" : arguments[0];
    const std::size_t named = form == "sqlite" ? 2 : 5;
    if ((form != "sqlite" && form != "postgresql") || arguments.size() < named) return std::nullopt;
    auto database = form == "sqlite" ? sqlite(arguments[1]) : postgresql(arguments.subspan(1));
    database.millions = arguments.size() > named ? std::strtoull(arguments[named], nullptr, 10) : millions;
    return database;
}

std::unique_ptr<storage::EventLog> open(const Database& database, base::Metrics& metrics) {
    auto log = storage::open_log(database.options, base::make_log({}), metrics);
    if (log) return std::move(*log);
    std::cerr << log.error().message << "\n";
    std::exit(EXIT_FAILURE);
}

}  // namespace perf
