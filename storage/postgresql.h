#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "storage/options.h"
#include "storage/postgresql_deadline.h"

namespace storage {

/// A call into PostgreSQL that failed. It stays inside this room: every entry point turns it into a
/// base::Error.
class PostgresqlFailure : public std::runtime_error {
  public:
    PostgresqlFailure(base::Error::Category category, const std::string& message)
        : std::runtime_error(message), category_(category) {}

    [[nodiscard]] base::Error::Category category() const { return category_; }

    /// For rows that are there but cannot be right.
    [[nodiscard]] static PostgresqlFailure corrupt(const std::string& message);

  private:
    base::Error::Category category_;
};

/// "database "x" at host:port as user "y"": for an operator, without the password.
[[nodiscard]] std::string describe(const PostgresqlOptions& options);

/// The failure in words for an operator: the database, what is wrong, the remedy.
[[nodiscard]] base::Error to_error(const PostgresqlFailure& failure, const PostgresqlOptions& options);

/// A statement that a connection prepares when it first needs it; lives longer than the connection.
struct PostgresqlStatement {
    const char* name;
    std::string sql;
};

/// A connection whose statements fail rather than wait for ever: for a lock, a server that hangs, a network
/// that is gone. Once it failed that way it is of no use any more (see broken()). One thread at a time; every
/// call throws PostgresqlFailure.
class PostgresqlConnection {
  public:
    /// Connects. `deadlines` outlives the connection.
    PostgresqlConnection(const PostgresqlOptions& options, Deadlines& deadlines);
    ~PostgresqlConnection();
    PostgresqlConnection(const PostgresqlConnection&) = delete;
    PostgresqlConnection& operator=(const PostgresqlConnection&) = delete;

    /// Runs a statement in a transaction of its own; durable when it returns. Inside begin() and commit(), in
    /// that transaction.
    template <class... Values>
    pqxx::result execute(const PostgresqlStatement& statement, Values&&... values) {
        return guarded([&] {
            prepare(statement);
            if (transaction_) return transaction_->exec_prepared(statement.name, values...);
            pqxx::nontransaction alone(*connection_);
            return alone.exec_prepared(statement.name, values...);
        });
    }

    /// Runs statements separated by semicolons.
    pqxx::result run(const std::string& script);

    void begin();
    void commit();
    void roll_back() noexcept;

    /// Lets `receiver`s of this connection have what came. Outside of a transaction.
    void take_notifications();
    [[nodiscard]] int socket() const { return connection_->sock(); }
    [[nodiscard]] pqxx::connection_base& handle() { return *connection_; }

  private:
    void set_up();
    void prepare(const PostgresqlStatement& statement);
    template <class Call>
    auto guarded(Call&& call);
    [[noreturn]] static void rethrow_as_failure();

    Deadlines& deadlines_;
    std::unique_ptr<pqxx::connection> connection_;
    std::unique_ptr<pqxx::work> transaction_;
    std::set<const PostgresqlStatement*> prepared_;
};

/// A transaction, rolled back unless commit() came through.
class PostgresqlTransaction {
  public:
    explicit PostgresqlTransaction(PostgresqlConnection& connection) : connection_(connection) {
        connection_.begin();
    }
    ~PostgresqlTransaction() { connection_.roll_back(); }
    PostgresqlTransaction(const PostgresqlTransaction&) = delete;
    PostgresqlTransaction& operator=(const PostgresqlTransaction&) = delete;

    void commit() { connection_.commit(); }

  private:
    PostgresqlConnection& connection_;
};

/// Bytes as a parameter, and as they come back in a result.
[[nodiscard]] inline pqxx::binarystring to_parameter(std::span<const std::uint8_t> bytes) {
    return {bytes.data(), bytes.size()};
}
[[nodiscard]] inline pqxx::binarystring to_parameter(std::string_view bytes) {
    return {bytes.data(), bytes.size()};
}
[[nodiscard]] std::string to_bytes(const pqxx::field& field);

template <class Call>
auto PostgresqlConnection::guarded(Call&& call) {
    try {
        const Deadlines::Watch watch(deadlines_, connection_->sock());
        return call();
    } catch (...) {
        rethrow_as_failure();
    }
}

}  // namespace storage
