#include "storage/rust_sqlite_history.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/rust_payload.h"
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
struct KindTable {
    base::Kind kind = base::Kind::BlockAdded;
    bool has_raw = false;
    bool in_order = false;  ///< its rows lie in the order of event_log_id
    std::uint64_t rows = 0;
};

std::string quoted(base::Kind kind) {
    return "\"" + std::string(base::row_of(kind).name) + "\"";
}

/// Sorting takes numbers only, never the payloads; LIMIT keeps SQLite from dropping the inner order.
std::string rows_in_order(const KindTable& table) {
    const std::string raw = table.has_raw ? "raw" : "''";
    const std::string name = quoted(table.kind);
    if (table.in_order) return "SELECT event_log_id, " + raw + " FROM " + name + " ORDER BY rowid";
    return "SELECT sorted.number, " + raw + " FROM (SELECT event_log_id AS number, rowid AS place FROM " +
           name + " ORDER BY event_log_id, rowid LIMIT -1) AS sorted CROSS JOIN " + name +
           " AS t ON t.rowid = place";
}

KindTable look_at(const SqliteConnection& connection, base::Kind kind) {
    KindTable table{.kind = kind, .has_raw = has_column(connection, base::row_of(kind).name, "raw")};
    auto statement = connection.prepare("SELECT event_log_id FROM " + quoted(kind) + " ORDER BY rowid");
    auto rows = statement.query();
    table.in_order = true;
    for (std::int64_t last = 0; rows.next(); ++table.rows) {
        const auto number = rows.integer(0);
        table.in_order = table.in_order && (table.rows == 0 || number >= last);
        last = number;
    }
    return table;
}

std::vector<KindTable> find_tables(const SqliteConnection& connection) {
    std::vector<KindTable> tables;
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

enum LogColumn : int { Number, Type, Address, EventId, Version, Network };

/// Columns that the version did not have yet read as empty.
std::string log_in_order(const SqliteConnection& connection) {
    std::string sql = "SELECT event_log_id";
    for (const auto* column :
         {"event_type_id", "event_source_address", "event_id", "api_version", "network_name"}) {
        sql += has_column(connection, "event_log", column) ? std::string(", ") + column : ", ''";
    }
    return sql + " FROM event_log ORDER BY event_log_id";
}

/// A query's rows with the one at hand. The first column is the row's number.
class Stream {
  public:
    Stream(const SqliteConnection& connection, const std::string& sql)
        : statement_(connection.prepare(sql)), rows_(statement_.query()) {
        advance();
    }

    [[nodiscard]] bool is_at(std::int64_t number) const { return !ended_ && number_ == number; }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] std::int64_t number() const { return number_; }
    [[nodiscard]] const SqliteStatement::Rows& row() const { return rows_; }
    void advance() {
        ended_ = !rows_.next();
        if (ended_) return;
        const auto number = rows_.integer(0);
        if (number < number_) throw SqliteFailure::corrupt("rows are not in order");
        number_ = number;
    }

  private:
    SqliteStatement statement_;
    SqliteStatement::Rows rows_;
    bool ended_ = false;
    std::int64_t number_ = std::numeric_limits<std::int64_t>::min();
};

base::Error not_rust(const std::filesystem::path& file, const std::string& why) {
    return base::invalid(file.string() + " is not a database of the Rust sidecar 1.x: " + why);
}

}  // namespace

/// Joins the table event_log with those of the kinds, all read side by side in the order of their numbers:
/// they have no index by which a row could be found.
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
        types_ = find_types(connection_);
        restart();
        return {};
    }

    [[nodiscard]] std::uint64_t size() const {
        std::uint64_t rows = 0;
        for (const auto& table : tables_) rows += table.rows;
        return rows;
    }

    void restart() {
        kinds_.clear();
        log_ = std::make_unique<Stream>(connection_, log_in_order(connection_));
        for (const auto& table : tables_)
            kinds_.emplace_back(table.kind, std::make_unique<Stream>(connection_, rows_in_order(table)));
    }

    [[nodiscard]] std::optional<HistoryItem> next() {
        const auto number = lowest();
        if (!number) return std::nullopt;

        HistoryRow row{.number = *number};
        std::int64_t type = 0;
        const bool logged = log_->is_at(*number);
        if (logged) {
            type = log_->row().integer(LogColumn::Type);
            read_log(row);
            log_->advance();
        }
        const auto found =
            std::ranges::find_if(kinds_, [&](const auto& kind) { return kind.second->is_at(*number); });
        if (found == kinds_.end())
            return HistoryFault{*number, "no payload is stored for it" + of_type(type)};
        row.kind = found->first;
        row.payload = payload_of_rust_row(row.kind, found->second->row().text(1));
        found->second->advance();
        return row;
    }

    [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  private:
    [[nodiscard]] std::optional<std::int64_t> lowest() const {
        std::optional<std::int64_t> number;
        if (!log_->ended()) number = log_->number();
        for (const auto& [kind, stream] : kinds_) {
            if (!stream->ended() && (!number || stream->number() < *number)) number = stream->number();
        }
        return number;
    }

    void read_log(HistoryRow& row) const {
        const auto& log = log_->row();
        row.source_address = log.text(LogColumn::Address);
        row.node_event_id = static_cast<std::uint32_t>(log.integer(LogColumn::EventId));
        row.api_version = base::ApiVersion::parse(log.text(LogColumn::Version)).value_or(base::ApiVersion{});
        row.network_name = log.text(LogColumn::Network);
    }

    [[nodiscard]] std::string of_type(std::int64_t type) const {
        const auto found = types_.find(type);
        return found == types_.end() ? std::string() : " (" + found->second + ")";
    }

    std::filesystem::path file_;
    SqliteConnection connection_;
    SqliteTransaction snapshot_;
    std::vector<KindTable> tables_;
    std::map<std::int64_t, std::string> types_;
    std::unique_ptr<Stream> log_;
    std::vector<std::pair<base::Kind, std::unique_ptr<Stream>>> kinds_;
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
