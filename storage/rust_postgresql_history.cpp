#include "storage/rust_postgresql_history.h"

#include <map>
#include <pqxx/pqxx>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/rust_history_merge.h"

namespace storage {

namespace {

/// A Step may have 30 MB, so that some hundred of them at a time would not do.
int rows_at_a_time(base::Kind kind) {
    if (kind == base::Kind::Step) return 1;
    return kind == base::Kind::DeployAccepted || kind == base::Kind::DeployProcessed ? 20 : 500;
}
constexpr int kLogRowsAtATime = 2000;

/// The user's part of a URI up to the host; empty if it has none.
std::string_view credentials_of(std::string_view uri) {
    const auto begin = uri.find("//");
    if (begin == std::string_view::npos) return {};
    const auto authority = uri.substr(begin + 2, uri.find('/', begin + 2) - begin - 2);
    const auto at = authority.rfind('@');
    return at == std::string_view::npos ? std::string_view() : authority.substr(0, at);
}

/// libpq quotes a URI that it cannot read, and servers may quote what they were sent.
std::string without_password(std::string message, std::string_view uri) {
    const auto parameters = uri.find('?');
    for (const auto secret :
         {uri, credentials_of(uri),
          parameters == std::string_view::npos ? std::string_view() : uri.substr(parameters)}) {
        if (secret.empty()) continue;
        for (auto at = message.find(secret); at != std::string::npos; at = message.find(secret))
            message.replace(at, secret.size(), "(…)");
    }
    const auto password = credentials_of(uri).find(':');
    if (password == std::string_view::npos) return message;
    const auto text = credentials_of(uri).substr(password + 1);
    if (text.empty()) return message;
    for (auto at = message.find(text); at != std::string::npos; at = message.find(text))
        message.replace(at, text.size(), "(…)");
    return message;
}

/// The column's type; empty if there is no such column in the schemas that are searched.
std::string type_of(pqxx::work& work, std::string_view table, std::string_view column) {
    const auto found =
        work.exec("SELECT data_type FROM information_schema.columns WHERE table_name = " +
                  work.quote(std::string(table)) + " AND column_name = " + work.quote(std::string(column)) +
                  " AND table_schema = ANY (current_schemas(false)) LIMIT 1");
    return found.empty() ? std::string() : found[0][0].as<std::string>();
}

/// The rows of a query, some at a time, through a cursor of the server.
class PostgresqlRows final : public RustRows {
  public:
    PostgresqlRows(pqxx::work& work, std::string name, const std::string& sql, int rows_at_a_time)
        : work_(work), fetch_("FETCH " + std::to_string(rows_at_a_time) + " FROM " + name) {
        work_.exec("DECLARE " + name + " NO SCROLL CURSOR FOR " + sql);
        take_more();
    }

    [[nodiscard]] bool ended() const override { return rows_.empty(); }
    [[nodiscard]] std::int64_t number() const override { return rows_[at_][0].as<std::int64_t>(); }
    [[nodiscard]] std::string_view text(int column) const override {
        const auto field = rows_[at_][column];
        return field.is_null() ? std::string_view() : std::string_view(field.c_str(), field.size());
    }
    void advance() override {
        at_ += 1;
        if (at_ == rows_.size()) take_more();
    }

  private:
    void take_more() {
        rows_.clear();  // before the next ones come
        rows_ = work_.exec(fetch_);
        at_ = 0;
    }

    pqxx::work& work_;
    std::string fetch_;
    pqxx::result rows_;
    pqxx::result::size_type at_ = 0;
};

struct KindTable {
    base::Kind kind = base::Kind::BlockAdded;
    std::string raw;  ///< the expression for the payload
};

std::string raw_expression(pqxx::work& work, base::Kind kind) {
    const auto type = type_of(work, base::row_of(kind).name, "raw");
    if (type.empty()) return "''";
    return type == "bytea" ? "convert_from(raw, 'UTF8')" : "raw";
}

}  // namespace

class RustPostgresqlHistory::Impl {
  public:
    explicit Impl(const std::string& uri) : uri_(uri), connection_(uri), work_(start(connection_)) {}

    [[nodiscard]] base::Result<void> look() {
        if (type_of(work_, "event_log", "event_log_id").empty())
            return base::invalid("the database is not that of a Rust sidecar 1.x: it has no table event_log");
        for (const auto& row : base::kKinds) {
            if (row.kind == base::Kind::ApiVersion || type_of(work_, row.name, "event_log_id").empty())
                continue;
            tables_.push_back({row.kind, raw_expression(work_, row.kind)});
            size_ += work_.exec("SELECT count(*) FROM " + quoted_table(row.kind))[0][0].as<std::uint64_t>();
        }
        if (tables_.empty())
            return base::invalid(
                "the database is not that of a Rust sidecar 1.x: it has no table of any kind");
        restart();
        return {};
    }

    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] std::optional<HistoryItem> next() { return merge_->next(); }

    void restart() {
        if (merge_) work_.exec("CLOSE ALL");
        std::vector<RustHistoryMerge::KindRows> kinds;
        for (const auto& table : tables_) {
            kinds.emplace_back(table.kind, std::make_unique<PostgresqlRows>(
                                               work_, "rows_" + std::to_string(kinds.size()),
                                               "SELECT event_log_id, " + table.raw + " FROM " +
                                                   quoted_table(table.kind) + " ORDER BY event_log_id",
                                               rows_at_a_time(table.kind)));
        }
        merge_.emplace(
            std::make_unique<PostgresqlRows>(work_, "rows_of_log", log_in_order(), kLogRowsAtATime),
            std::move(kinds), types());
    }

    [[nodiscard]] base::Error error(const char* message) const {
        auto text = without_password(message, uri_);
        while (text.ends_with('\n')) text.pop_back();
        return base::unavailable("reading the Rust sidecar's database failed: " + text);
    }

  private:
    static pqxx::connection& start(pqxx::connection& connection) {
        connection.set_client_encoding("UTF8");
        pqxx::nontransaction(connection)
            .exec("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
        return connection;
    }

    [[nodiscard]] std::string log_in_order() {
        std::string sql = "SELECT event_log_id";
        for (const auto column : kRustLogColumns)
            sql += type_of(work_, "event_log", column).empty() ? ", ''" : ", " + std::string(column);
        return sql + " FROM event_log ORDER BY event_log_id";
    }

    [[nodiscard]] std::map<std::int64_t, std::string> types() {
        std::map<std::int64_t, std::string> types;
        if (type_of(work_, "event_type", "event_type_name").empty()) return types;
        for (const auto& row : work_.exec("SELECT event_type_id, event_type_name FROM event_type"))
            types[row[0].as<std::int64_t>()] = row[1].as<std::string>();
        return types;
    }

    std::string uri_;
    pqxx::connection connection_;
    pqxx::work work_;
    std::vector<KindTable> tables_;
    std::uint64_t size_ = 0;
    std::optional<RustHistoryMerge> merge_;
};

base::Result<std::unique_ptr<RustPostgresqlHistory>> RustPostgresqlHistory::open(const std::string& uri) {
    try {
        auto impl = std::make_unique<Impl>(uri);
        if (const auto looked = impl->look(); !looked) return looked.error();
        return std::unique_ptr<RustPostgresqlHistory>(new RustPostgresqlHistory(std::move(impl)));
    } catch (const std::exception& failure) {
        return base::unavailable("cannot read the Rust sidecar's database: " +
                                 without_password(failure.what(), uri));
    }
}

RustPostgresqlHistory::RustPostgresqlHistory(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RustPostgresqlHistory::~RustPostgresqlHistory() = default;

std::uint64_t RustPostgresqlHistory::size() const {
    return impl_->size();
}

base::Result<std::optional<HistoryItem>> RustPostgresqlHistory::next() {
    try {
        return impl_->next();
    } catch (const pqxx::failure& failure) {
        return impl_->error(failure.what());
    }
}

base::Result<void> RustPostgresqlHistory::rewind() {
    try {
        impl_->restart();
        return {};
    } catch (const pqxx::failure& failure) {
        return impl_->error(failure.what());
    }
}

bool is_postgresql_uri(std::string_view text) {
    return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

}  // namespace storage
