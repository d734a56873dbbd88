#include "storage/rust_sqlite_history.h"

#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/rust_history_merge.h"
#include "storage/sqlite.h"
#include "storage/sqlite_schema.h"

namespace storage {

namespace {

/// Without a write-ahead log or a journal beside it, the main file is all there is, and nobody has it open.
SqliteConnection::Mode mode_for(const std::filesystem::path& file) {
    std::error_code error;
    for (const auto* suffix : {"-wal", "-journal"}) {
        if (std::filesystem::exists(file.string() + suffix, error)) return SqliteConnection::Mode::ReadOnly;
    }
    return SqliteConnection::Mode::Immutable;
}

bool has_column(const SqliteConnection& connection, std::string_view table, std::string_view column) {
    auto statement = connection.prepare("SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2 COLLATE NOCASE");
    return statement.integer(table, column).has_value();
}

/// The table of a kind, with what its columns are in the version that made it.
struct SqliteKindTable {
    base::Kind kind = base::Kind::BlockAdded;
    bool has_raw = false;
    bool in_order = false;  ///< its rows lie in the order of event_log_id
    std::uint64_t rows = 0;
};

/// Sorting takes numbers only, never the payloads; LIMIT keeps SQLite from dropping the inner order.
std::string rows_in_order(const SqliteKindTable& table) {
    const std::string raw = table.has_raw ? "raw" : "''";
    const std::string name = quoted_table(table.kind);
    if (table.in_order) return "SELECT event_log_id, " + raw + " FROM " + name + " ORDER BY rowid";
    return "SELECT sorted.number, " + raw + " FROM (SELECT event_log_id AS number, rowid AS place FROM " +
           name + " ORDER BY event_log_id, rowid LIMIT -1) AS sorted CROSS JOIN " + name +
           " AS t ON t.rowid = place";
}

SqliteKindTable look_at(const SqliteConnection& connection, base::Kind kind) {
    SqliteKindTable table{.kind = kind, .has_raw = has_column(connection, base::row_of(kind).name, "raw")};
    auto statement = connection.prepare("SELECT event_log_id FROM " + quoted_table(kind) + " ORDER BY rowid");
    auto rows = statement.query();
    table.in_order = true;
    for (std::int64_t last = 0; rows.next(); ++table.rows) {
        const auto number = rows.integer(0);
        table.in_order = table.in_order && (table.rows == 0 || number >= last);
        last = number;
    }
    return table;
}

std::vector<SqliteKindTable> find_tables(const SqliteConnection& connection) {
    std::vector<SqliteKindTable> tables;
    for (const auto& row : base::kKinds) {
        if (row.kind == base::Kind::ApiVersion) continue;
        if (!has_column(connection, row.name, "event_log_id")) continue;
        tables.push_back(look_at(connection, row.kind));
    }
    return tables;
}

std::map<std::int64_t, std::string> find_types(const SqliteConnection& connection) {
    std::map<std::int64_t, std::string> types;
    if (!has_column(connection, "event_type", "event_type_name")) return types;
    auto statement = connection.prepare("SELECT event_type_id, event_type_name FROM event_type");
    auto rows = statement.query();
    while (rows.next()) types[rows.integer(0)] = rows.text(1);
    return types;
}

/// Columns that the version did not have yet read as empty.
std::string log_in_order(const SqliteConnection& connection) {
    std::string sql = "SELECT event_log_id";
    for (const auto column : kRustLogColumns)
        sql += has_column(connection, "event_log", column) ? ", " + std::string(column) : ", ''";
    return sql + " FROM event_log ORDER BY event_log_id";
}

class SqliteRows final : public RustRows {
  public:
    SqliteRows(const SqliteConnection& connection, const std::string& sql)
        : statement_(connection.prepare(sql)), rows_(statement_.query()) {
        take_next();
    }

    [[nodiscard]] bool ended() const override { return ended_; }
    [[nodiscard]] std::int64_t number() const override { return number_; }
    [[nodiscard]] std::string_view text(int column) const override { return rows_.text(column); }
    void advance() override { take_next(); }

  private:
    void take_next() {
        ended_ = !rows_.next();
        if (ended_) return;
        const auto number = rows_.integer(0);
        if (number < number_) throw SqliteFailure::corrupt("rows are not in order");
        number_ = number;
    }

    SqliteStatement statement_;
    SqliteStatement::Rows rows_;
    bool ended_ = false;
    std::int64_t number_ = std::numeric_limits<std::int64_t>::min();
};

base::Error not_rust(const std::filesystem::path& file, const std::string& why) {
    return base::invalid(file.string() + " is not a database of the Rust sidecar 1.x: " + why);
}

}  // namespace

class RustSqliteHistory::Impl {
  public:
    Impl(std::filesystem::path file, SqliteConnection connection)
        : file_(std::move(file)),
          connection_(std::move(connection)),
          snapshot_(connection_, SqliteTransaction::Kind::Read) {}

    [[nodiscard]] base::Result<void> look() {
        if (connection_.integer("PRAGMA application_id") == kApplicationId) {
            return not_rust(file_, "it is an event log of this program; `export` writes what it holds");
        }
        if (!has_column(connection_, "event_log", "event_log_id")) {
            return not_rust(file_, "it has no table event_log");
        }
        tables_ = find_tables(connection_);
        if (tables_.empty()) return not_rust(file_, "it has no table of any kind of event");
        restart();
        return {};
    }

    [[nodiscard]] std::uint64_t size() const {
        std::uint64_t rows = 0;
        for (const auto& table : tables_) rows += table.rows;
        return rows;
    }

    void restart() {
        merge_.reset();
        std::vector<RustHistoryMerge::KindRows> kinds;
        for (const auto& table : tables_)
            kinds.emplace_back(table.kind, std::make_unique<SqliteRows>(connection_, rows_in_order(table)));
        merge_.emplace(std::make_unique<SqliteRows>(connection_, log_in_order(connection_)), std::move(kinds),
                       find_types(connection_));
    }

    [[nodiscard]] std::optional<HistoryItem> next() { return merge_->next(); }
    [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  private:
    std::filesystem::path file_;
    SqliteConnection connection_;
    SqliteTransaction snapshot_;
    std::vector<SqliteKindTable> tables_;
    std::optional<RustHistoryMerge> merge_;
};

base::Result<std::unique_ptr<RustSqliteHistory>> RustSqliteHistory::open(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
        return base::invalid("there is no file " + file.string() + "; give the Rust sidecar's database");
    }
    try {
        SqliteConnection connection(file, mode_for(file));
        connection.busy_timeout(1000);
        connection.execute("PRAGMA query_only = ON");
        auto impl = std::make_unique<Impl>(file, std::move(connection));
        if (const auto looked = impl->look(); !looked) return looked.error();
        return std::unique_ptr<RustSqliteHistory>(new RustSqliteHistory(std::move(impl)));
    } catch (const SqliteFailure& failure) {
        return to_error(failure, file);
    }
}

RustSqliteHistory::RustSqliteHistory(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RustSqliteHistory::~RustSqliteHistory() = default;

std::uint64_t RustSqliteHistory::size() const {
    return impl_->size();
}

base::Result<std::optional<HistoryItem>> RustSqliteHistory::next() {
    try {
        return impl_->next();
    } catch (const SqliteFailure& failure) {
        return to_error(failure, impl_->file());
    }
}

base::Result<void> RustSqliteHistory::rewind() {
    try {
        impl_->restart();
        return {};
    } catch (const SqliteFailure& failure) {
        return to_error(failure, impl_->file());
    }
}

}  // namespace storage
