#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace storage {

/// A call into SQLite that failed. It stays inside this room: every entry point turns it into a base::Error.
class SqliteFailure : public std::runtime_error {
  public:
    SqliteFailure(int code, const std::string& message) : std::runtime_error(message), code_(code) {}

    [[nodiscard]] int code() const { return code_; }  ///< SQLite's extended result code
    [[nodiscard]] int primary_code() const { return code_ & 0xff; }

    /// For rows that are there but cannot be right.
    [[nodiscard]] static SqliteFailure corrupt(const std::string& message);

  private:
    int code_;
};

/// The failure in words for an operator: the file, what is wrong, the remedy.
[[nodiscard]] base::Error to_error(const SqliteFailure& failure, const std::filesystem::path& file);

/// What an operator can do about a log that is damaged.
[[nodiscard]] std::string damage_remedy(const std::filesystem::path& file);

using Blob = std::span<const std::uint8_t>;

[[nodiscard]] inline Blob as_blob(std::string_view bytes) {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

/// A prepared statement. Belongs to one connection and is used by one thread at a time. What is bound is not
/// copied: it must live until the statement is reset. Columns can be read until the next step.
class SqliteStatement {
  public:
    /// Resets the statement when the reading of its rows ends, however it ends.
    class Rows {
      public:
        explicit Rows(SqliteStatement& statement) : statement_(statement) {}
        ~Rows() { statement_.reset(); }
        Rows(const Rows&) = delete;
        Rows& operator=(const Rows&) = delete;

        [[nodiscard]] bool next() { return statement_.step(); }
        [[nodiscard]] std::int64_t integer(int column) const;
        [[nodiscard]] std::string_view text(int column) const;
        [[nodiscard]] Blob blob(int column) const;
        [[nodiscard]] std::size_t size(int column) const;
        [[nodiscard]] bool is_null(int column) const;

      private:
        SqliteStatement& statement_;
    };

    SqliteStatement(sqlite3* connection, std::string_view sql);

    template <class... Values>
    [[nodiscard]] Rows query(const Values&... values) {
        bind_all(values...);
        return Rows(*this);
    }

    /// Runs a statement that gives no rows; the number of rows that it changed.
    template <class... Values>
    int execute(const Values&... values) {
        bind_all(values...);
        return run();
    }

    /// Part by part, for a statement of several rows: binds from the parameter `first` on, counted from 1.
    template <class... Values>
    void bind_from(int first, const Values&... values) {
        (bind(first++, values), ...);
    }
    int execute_bound() { return run(); }

    /// The first column of the first row, if there is one.
    template <class... Values>
    [[nodiscard]] std::optional<std::int64_t> integer(const Values&... values) {
        Rows rows = query(values...);
        if (!rows.next()) return std::nullopt;
        return rows.integer(0);
    }

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };

    template <class... Values>
    void bind_all(const Values&... values) {
        bind_from(1, values...);
    }
    void bind(int index, const std::integral auto& value) {
        bind_integer(index, static_cast<std::int64_t>(value));
    }
    void bind(int index, Blob value);
    void bind(int index, std::string_view value);
    template <class T>
    void bind(int index, const std::optional<T>& value) {
        if (value) return bind(index, *value);
        bind_null(index);
    }
    void bind_integer(int index, std::int64_t value);
    void bind_null(int index);

    [[nodiscard]] bool step();
    int run();
    void reset() noexcept;
    void check(int code) const;

    sqlite3* connection_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// An open database file. One thread at a time.
class SqliteConnection {
  public:
    enum class Mode {
        ReadWriteCreate,
        ReadWrite,
        ReadOnly,
        Salvage,    ///< as ReadWriteCreate; attach() works
        Immutable,  ///< reads the main file alone: no lock, no write-ahead log, no file beside it
    };

    SqliteConnection(const std::filesystem::path& file, Mode mode);

    [[nodiscard]] SqliteStatement prepare(std::string_view sql) const { return {handle(), sql}; }

    /// Runs statements separated by semicolons and discards their rows.
    void execute(const std::string& script) const;
    [[nodiscard]] std::int64_t integer(std::string_view sql) const;
    [[nodiscard]] std::string text(std::string_view sql) const;

    [[nodiscard]] std::int64_t last_insert_rowid() const;
    [[nodiscard]] bool in_transaction() const;
    /// Another file, to be read only, under that name.
    void attach(const std::filesystem::path& file, const std::string& name) const;
    void busy_timeout(int milliseconds) const;
    /// Leaves the write-ahead log as it is when the last connection closes.
    void checkpoint_on_close(bool wanted) const;
    [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

  private:
    struct Close {
        void operator()(sqlite3* connection) const;
    };
    std::unique_ptr<sqlite3, Close> handle_;
};

/// A transaction, rolled back unless commit() came through.
class SqliteTransaction {
  public:
    enum class Kind { Read, Write };
    SqliteTransaction(const SqliteConnection& connection, Kind kind);
    ~SqliteTransaction();
    SqliteTransaction(const SqliteTransaction&) = delete;
    SqliteTransaction& operator=(const SqliteTransaction&) = delete;

    void commit();

  private:
    const SqliteConnection& connection_;
};

}  // namespace storage
