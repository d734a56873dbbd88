#include "storage/sqlite.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <sqlite3.h>

namespace storage {

namespace {

[[noreturn]] void fail(sqlite3* connection, int code) {
    throw SqliteFailure(code, sqlite3_errmsg(connection));
}

std::string file_uri(const std::filesystem::path& file, std::string_view query) {
    constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-";
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string uri = "file:";
    for (const char c : std::filesystem::absolute(file).string()) {
        if (kPlain.find(c) != std::string_view::npos) {
            uri += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        uri += '%';
        uri += kHex[byte >> 4U];
        uri += kHex[byte & 15U];
    }
    return uri.append(query);
}

/// SQLite's count of the memory that it uses takes a lock at each allocation, a quarter of what an insert
/// costs; nobody asks for it. Can be said before the first connection of the process only.
void count_no_memory() {
    [[maybe_unused]] static const int result = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

}  // namespace

std::string damage_remedy(const std::filesystem::path& file) {
    return "stop the sidecar and keep what is sound with `event-sidecar verify --repair " + file.string() +
           "`, or restore a backup, or move the file away to start a new log";
}

SqliteFailure SqliteFailure::corrupt(const std::string& message) {
    return {SQLITE_CORRUPT, message};
}

base::Error to_error(const SqliteFailure& failure, const std::filesystem::path& file) {
    const std::string name = file.string();
    const std::string cause =
        std::string(" (") + failure.what() + ", code " + std::to_string(failure.code()) + ")";
    switch (failure.primary_code()) {
        case SQLITE_FULL:
            return base::unavailable(name + " cannot grow: the disk is full" + cause + "; free some space");
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return base::unavailable(name + " is locked by another program" + cause + "; end that program");
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN:
            return base::unavailable(name + " cannot be opened for writing" + cause +
                                     "; check the owner and the permissions of the file and of its folder");
        case SQLITE_IOERR:
            return base::unavailable("reading or writing " + name + " failed" + cause +
                                     "; check the disk, its free space and its quotas");
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return base::corrupt(name + " is damaged or not a database" + cause + "; " + damage_remedy(file));
        default:
            return base::unavailable("the database " + name + " failed" + cause);
    }
}

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

SqliteStatement::SqliteStatement(sqlite3* connection, std::string_view sql) : connection_(connection) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    statement_.reset(statement);
    if (code != SQLITE_OK) fail(connection, code);
}

void SqliteStatement::check(int code) const {
    if (code != SQLITE_OK) fail(connection_, code);
}

void SqliteStatement::bind(int index, Blob value) {
    // A null pointer would bind NULL instead of a blob of no bytes.
    static constexpr std::uint8_t kNoBytes = 0;
    const void* bytes = value.empty() ? &kNoBytes : value.data();
    check(sqlite3_bind_blob64(statement_.get(), index, bytes, value.size(), SQLITE_STATIC));
}

void SqliteStatement::bind(int index, std::string_view value) {
    const char* text = value.empty() ? "" : value.data();
    check(sqlite3_bind_text64(statement_.get(), index, text, value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void SqliteStatement::bind_integer(int index, std::int64_t value) {
    check(sqlite3_bind_int64(statement_.get(), index, value));
}

void SqliteStatement::bind_null(int index) {
    check(sqlite3_bind_null(statement_.get(), index));
}

bool SqliteStatement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    fail(connection_, code);
}

int SqliteStatement::run() {
    const Rows rows(*this);
    while (step()) {
    }
    return sqlite3_changes(connection_);
}

void SqliteStatement::reset() noexcept {
    sqlite3_reset(statement_.get());
}

std::int64_t SqliteStatement::Rows::integer(int column) const {
    return sqlite3_column_int64(statement_.statement_.get(), column);
}

std::string_view SqliteStatement::Rows::text(int column) const {
    const Blob bytes = blob(column);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Blob SqliteStatement::Rows::blob(int column) const {
    const void* bytes = sqlite3_column_blob(statement_.statement_.get(), column);
    if (bytes == nullptr) return {};
    return {static_cast<const std::uint8_t*>(bytes), size(column)};
}

std::size_t SqliteStatement::Rows::size(int column) const {
    return static_cast<std::size_t>(sqlite3_column_bytes(statement_.statement_.get(), column));
}

bool SqliteStatement::Rows::is_null(int column) const {
    return sqlite3_column_type(statement_.statement_.get(), column) == SQLITE_NULL;
}

void SqliteConnection::Close::operator()(sqlite3* connection) const {
    sqlite3_close_v2(connection);
}

SqliteConnection::SqliteConnection(const std::filesystem::path& file, Mode mode) {
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    std::string name = file.string();
    switch (mode) {
        case Mode::ReadWriteCreate:
            flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
            break;
        case Mode::ReadWrite:
            flags |= SQLITE_OPEN_READWRITE;
            break;
        case Mode::ReadOnly:
            flags |= SQLITE_OPEN_READONLY;
            break;
        case Mode::Salvage:
            flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;
            name = file_uri(file, "");
            break;
        case Mode::Immutable:
            flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
            name = file_uri(file, "?immutable=1");
            break;
    }
    count_no_memory();
    sqlite3* connection = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &connection, flags, nullptr);
    handle_.reset(connection);
    if (connection == nullptr) throw SqliteFailure(code, sqlite3_errstr(code));
    if (code != SQLITE_OK) fail(connection, code);
    // A plan is made once, without a look at what is bound. Otherwise a parameter that a partial index is
    // compared with makes SQLite prepare the statement anew whenever it is bound.
    sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_QPSG, 1, nullptr);
}

void SqliteConnection::execute(const std::string& script) const {
    const int code = sqlite3_exec(handle(), script.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(handle(), code);
}

std::int64_t SqliteConnection::integer(std::string_view sql) const {
    return prepare(sql).integer().value_or(0);
}

std::string SqliteConnection::text(std::string_view sql) const {
    SqliteStatement statement = prepare(sql);
    auto rows = statement.query();
    if (!rows.next()) return {};
    return std::string(rows.text(0));
}

std::int64_t SqliteConnection::last_insert_rowid() const {
    return sqlite3_last_insert_rowid(handle());
}

bool SqliteConnection::in_transaction() const {
    return sqlite3_get_autocommit(handle()) == 0;
}

void SqliteConnection::attach(const std::filesystem::path& file, const std::string& name) const {
    auto statement = prepare("ATTACH ?1 AS " + name);
    statement.execute(std::string_view(file_uri(file, "?mode=ro")));
}

void SqliteConnection::busy_timeout(int milliseconds) const {
    sqlite3_busy_timeout(handle(), milliseconds);
}

void SqliteConnection::checkpoint_on_close(bool wanted) const {
    sqlite3_db_config(handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, wanted ? 0 : 1, nullptr);
}

SqliteTransaction::SqliteTransaction(const SqliteConnection& connection, Kind kind)
    : connection_(connection) {
    connection_.execute(kind == Kind::Write ? "BEGIN IMMEDIATE" : "BEGIN");
}

SqliteTransaction::~SqliteTransaction() {
    // SQLite ends some failed transactions by itself; a rollback cannot fail in a way that matters.
    if (connection_.in_transaction())
        sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void SqliteTransaction::commit() {
    connection_.execute("COMMIT");
}

}  // namespace storage
