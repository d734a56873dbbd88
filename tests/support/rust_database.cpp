#include "support/rust_database.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <stdexcept>

namespace support {

namespace {

constexpr std::string_view kKindTables = R"sql(
CREATE TABLE event_type (event_type_id INTEGER NOT NULL PRIMARY KEY, event_type_name VARCHAR NOT NULL UNIQUE);
INSERT INTO event_type VALUES (1, 'BlockAdded'), (2, 'DeployAccepted'), (3, 'DeployExpired'),
    (4, 'DeployProcessed'), (5, 'Fault'), (6, 'FinalitySignature'), (7, 'Step'), (8, 'Shutdown');
CREATE TABLE BlockAdded (height BIGINT NOT NULL UNIQUE, block_hash VARCHAR NOT NULL, raw TEXT NOT NULL,
    event_log_id BIGINT NOT NULL, PRIMARY KEY (block_hash, height));
CREATE TABLE DeployAccepted (deploy_hash VARCHAR NOT NULL PRIMARY KEY, raw TEXT NOT NULL,
    event_log_id BIGINT NOT NULL);
CREATE TABLE DeployProcessed (deploy_hash VARCHAR NOT NULL PRIMARY KEY, raw TEXT NOT NULL,
    event_log_id BIGINT NOT NULL);
CREATE TABLE DeployExpired (deploy_hash VARCHAR NOT NULL PRIMARY KEY, raw BLOB NOT NULL,
    event_log_id BIGINT NOT NULL);
CREATE TABLE Fault (era BIGINT NOT NULL, public_key VARCHAR NOT NULL, raw TEXT NOT NULL,
    event_log_id BIGINT NOT NULL, PRIMARY KEY (era, public_key));
CREATE TABLE FinalitySignature (block_hash VARCHAR NOT NULL, public_key VARCHAR NOT NULL, raw TEXT NOT NULL,
    event_log_id BIGINT NOT NULL, PRIMARY KEY (block_hash, public_key));
CREATE TABLE Step (era BIGINT NOT NULL PRIMARY KEY, raw TEXT NOT NULL, event_log_id BIGINT NOT NULL);
CREATE TABLE Shutdown (event_source_address VARCHAR NOT NULL, event_log_id BIGINT NOT NULL);
)sql";

constexpr std::string_view kLogTable = R"sql(
CREATE TABLE event_log (event_log_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    event_type_id TINYINT NOT NULL REFERENCES event_type (event_type_id), event_source_address VARCHAR NOT NULL,
    event_id BIGINT NOT NULL, inserted_timestamp TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP{});
)sql";

constexpr std::string_view kLaterColumns =
    ", event_key VARCHAR NOT NULL, api_version VARCHAR NOT NULL, network_name VARCHAR NOT NULL";

/// The kind's own key columns, with values that no other row has.
std::string key_columns(std::string_view kind, std::int64_t row) {
    if (kind == "BlockAdded") return fmt::format("height = {0}, block_hash = '{0}'", row);
    if (kind == "Fault") return fmt::format("era = {0}, public_key = '{0}'", row);
    if (kind == "FinalitySignature") return fmt::format("block_hash = '{0}', public_key = '{0}'", row);
    if (kind == "Step") return fmt::format("era = {}", row);
    return fmt::format("deploy_hash = '{}'", row);
}

std::string quoted(std::string_view text) {
    std::string result = "'";
    for (const char c : text) result.append(c == '\'' ? 2 : 1, c);
    return result + "'";
}

/// "a = 1, b = 2" as "(a, b) VALUES (1, 2)" has them.
std::pair<std::string, std::string> names_and_values(std::string_view assignments) {
    std::pair<std::string, std::string> result;
    while (!assignments.empty()) {
        const auto end = std::min(assignments.find(", "), assignments.size());
        const auto one = assignments.substr(0, end);
        const auto middle = one.find(" = ");
        result.first.append(one.substr(0, middle)).append(", ");
        result.second.append(one.substr(middle + 3)).append(", ");
        assignments.remove_prefix(std::min(end + 2, assignments.size()));
    }
    return result;
}

}  // namespace

void RustDatabase::Close::operator()(sqlite3* connection) const {
    sqlite3_close(connection);
}

RustDatabase::RustDatabase(const std::filesystem::path& file, Version version) : version_(version) {
    sqlite3* connection = nullptr;
    const int code = sqlite3_open(file.c_str(), &connection);
    connection_.reset(connection);
    if (code != SQLITE_OK) throw std::runtime_error("cannot make " + file.string());
    execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
    execute(std::string(kKindTables));
    execute(fmt::format(fmt::runtime(kLogTable), version == Version::Last ? kLaterColumns : ""));
}

std::int64_t RustDatabase::add(std::string_view kind, std::string_view raw, std::string_view network,
                               std::string_view api_version) {
    rows_ += 1;
    std::string columns = "event_type_id, event_source_address, event_id";
    std::string values =
        fmt::format("(SELECT event_type_id FROM event_type WHERE event_type_name = {}), '127.0.0.1', {}",
                    quoted(kind), rows_ + 1000);
    if (version_ == Version::Last) {
        columns += ", event_key, api_version, network_name";
        values += fmt::format(", '{}', {}, {}", rows_, quoted(api_version), quoted(network));
    }
    execute(fmt::format("INSERT INTO event_log ({}) VALUES ({})", columns, values));
    const auto number = sqlite3_last_insert_rowid(connection_.get());
    if (kind == "Shutdown") {
        execute(fmt::format("INSERT INTO Shutdown VALUES ('127.0.0.1', {})", number));
        return number;
    }
    const auto [names, keys] = names_and_values(key_columns(kind, rows_));
    execute(fmt::format("INSERT INTO {} ({}raw, event_log_id) VALUES ({}{}, {})", kind, names, keys,
                        quoted(raw), number));
    return number;
}

void RustDatabase::execute(const std::string& sql) const {
    if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        throw std::runtime_error(sql.substr(0, 200) + ": " + sqlite3_errmsg(connection_.get()));
}

void RustDatabase::leave_unfinished() {
    sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    connection_.reset();
}

}  // namespace support
