#include "storage/postgresql.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace storage {

namespace {

using Category = base::Error::Category;

// For the server: it gives up a statement before the client gives up the connection.
constexpr std::string_view kSettings =
    "SET lock_timeout = '3s'; SET statement_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s';"
    "SET client_min_messages = warning; SET work_mem = '64MB'; SET search_path = event_sidecar;"
    // Every statement looks up by an index or follows one; no statistics can make that wrong.
    "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off;"
    "SET enable_mergejoin = off; SET jit = off; SET plan_cache_mode = force_generic_plan;"
    "SET max_parallel_workers_per_gather = 0;"
    // What append() returns must survive a crash of the server.
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'";

std::string conninfo_value(std::string_view value) {
    std::string text = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') text += '\\';
        text += c;
    }
    return text + "'";
}

std::string connection_string(const PostgresqlOptions& options) {
    auto text = fmt::format(
        "host={} port={} dbname={} user={} connect_timeout=5 keepalives=1 keepalives_idle=5 "
        "keepalives_interval=2 keepalives_count=3 tcp_user_timeout=15000 client_encoding=UTF8 "
        "application_name=event-sidecar",
        conninfo_value(options.host), options.port, conninfo_value(options.database_name),
        conninfo_value(options.database_username));
    if (!options.database_password.empty()) text += " password=" + conninfo_value(options.database_password);
    return text;
}

/// By the SQLSTATE: https://www.postgresql.org/docs/15/errcodes-appendix.html
Category category_of(std::string_view state) {
    constexpr std::array<std::string_view, 3> kCorrupt{"XX001", "XX002", "ESC"};
    constexpr std::array<std::string_view, 6> kInvalid{"22", "42", "3D", "3F", "0A", "ESI"};
    const auto begins = [&](std::string_view prefix) { return state.starts_with(prefix); };
    if (std::ranges::any_of(kCorrupt, begins)) return Category::Corrupt;
    if (std::ranges::any_of(kInvalid, begins)) return Category::Invalid;
    return Category::Unavailable;
}

/// The server's words in one line, without the function that said them.
std::string one_line(std::string_view text) {
    if (const auto context = text.find("\nCONTEXT:"); context != std::string_view::npos)
        text = text.substr(0, context);
    // What libpqxx says of a connection that broke.
    if (text.ends_with("not connected.") || text.ends_with("not connected")) return "the connection was lost";
    std::string line;
    bool space = false;
    for (const char c : text) {
        const bool is_space = c == '\n' || c == '\t' || c == ' ';
        if (!is_space && space && !line.empty()) line += ' ';
        space = is_space;
        if (!is_space) line += c;
    }
    for (const std::string_view prefix : {"ERROR: ", "FATAL: "}) {
        if (line.starts_with(prefix)) line.erase(0, prefix.size());
    }
    return line;
}

}  // namespace

PostgresqlFailure PostgresqlFailure::corrupt(const std::string& message) {
    return {Category::Corrupt, message};
}

std::string describe(const PostgresqlOptions& options) {
    return fmt::format("PostgreSQL database \"{}\" at {}:{} as user \"{}\"", options.database_name,
                       options.host, options.port, options.database_username);
}

base::Error to_error(const PostgresqlFailure& failure, const PostgresqlOptions& options) {
    constexpr auto remedy = [](Category category) -> std::string_view {
        switch (category) {
            case Category::Unavailable:
                return "check that the server runs, takes writes and lets this user in";
            case Category::Invalid:
                return "check the database's name and the user's rights in it";
            case Category::Corrupt:
                return "restore the database from a backup, or use an empty one to start a new log";
        }
        return {};
    };
    return {failure.category(),
            fmt::format("{}: {}; {}", describe(options), failure.what(), remedy(failure.category()))};
}

PostgresqlConnection::PostgresqlConnection(const PostgresqlOptions& options, Deadlines& deadlines)
    : deadlines_(deadlines) {
    try {
        connection_ = std::make_unique<pqxx::connection>(connection_string(options));
        // A new session would not have what set_up() sets.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        connection_->inhibit_reactivation(true);
#pragma GCC diagnostic pop
    } catch (...) {
        rethrow_as_failure();
    }
    set_up();
}

PostgresqlConnection::~PostgresqlConnection() {
    roll_back();
}

void PostgresqlConnection::set_up() {
    run(std::string(kSettings));
}

void PostgresqlConnection::prepare(const PostgresqlStatement& statement) {
    if (prepared_.contains(&statement)) return;
    connection_->prepare(statement.name, statement.sql);
    prepared_.insert(&statement);
}

pqxx::result PostgresqlConnection::run(const std::string& script) {
    return guarded([&] {
        if (transaction_) return transaction_->exec(script);
        pqxx::nontransaction alone(*connection_);
        return alone.exec(script);
    });
}

void PostgresqlConnection::begin() {
    guarded([&] {
        transaction_ = std::make_unique<pqxx::work>(*connection_);
        return true;
    });
}

void PostgresqlConnection::commit() {
    guarded([&] {
        transaction_->commit();
        transaction_.reset();
        return true;
    });
}

void PostgresqlConnection::roll_back() noexcept {
    if (!transaction_) return;
    try {
        const Deadlines::Watch watch(deadlines_, connection_->sock());
        transaction_.reset();
    } catch (const std::exception&) {
        transaction_.reset();
    }
}

void PostgresqlConnection::take_notifications() {
    guarded([&] { return connection_->get_notifs(); });
}

void PostgresqlConnection::rethrow_as_failure() {
    try {
        throw;
    } catch (const PostgresqlFailure&) {
        throw;
    } catch (const pqxx::broken_connection& error) {
        throw PostgresqlFailure(Category::Unavailable, one_line(error.what()));
    } catch (const pqxx::sql_error& error) {
        throw PostgresqlFailure(category_of(error.sqlstate()), one_line(error.what()));
    } catch (const pqxx::failure& error) {
        throw PostgresqlFailure(Category::Unavailable, one_line(error.what()));
    } catch (const pqxx::pqxx_exception& error) {
        throw PostgresqlFailure(Category::Corrupt, one_line(error.base().what()));
    }
}

std::string to_bytes(const pqxx::field& field) {
    constexpr auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
    const std::string_view text(field.c_str(), field.size());
    if (!text.starts_with("\\x")) throw PostgresqlFailure::corrupt("bytes do not come as hex");
    std::string bytes(text.size() / 2 - 1, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<char>(digit(text[2 * i + 2]) << 4U | digit(text[2 * i + 3]));
    }
    return bytes;
}

}  // namespace storage
