#include "bare_loop.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <pqxx/pqxx>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "signatures.h"
#include "storage/payload_codec.h"
#include "storage/sqlite.h"

namespace perf {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::vector<std::string> pack(storage::PayloadCodec& codec, const base::EventBatch& batch) {
    std::vector<std::string> payloads;
    for (const auto& event : batch)
        payloads.emplace_back(codec.encode(event.payload, {event.key.first, event.key.second}).bytes);
    return payloads;
}

class SqliteBareLoop final : public BareLoop {
  public:
    explicit SqliteBareLoop(const std::filesystem::path& file)
        : connection_(open(file)),
          insert_event_(connection_.prepare("INSERT INTO event VALUES (?1, 6, 2, 1099516870662, "
                                            "1795341653368, ?2, NULL, ?3, ?4, NULL, NULL, ?5, NULL, 1, ?6)")),
          insert_key_(connection_.prepare("INSERT INTO signature_key VALUES (?1, ?2, ?3)")) {}

    double insert(const base::EventBatch& batch) override {
        const auto payloads = pack(codec_, batch);
        const auto hash = bytes_of(next_, 32);
        const auto begin = Clock::now();
        storage::SqliteTransaction transaction(connection_, storage::SqliteTransaction::Kind::Write);
        for (std::size_t i = 0; i < batch.size(); ++i, ++next_) {
            const auto block = next_ / kValidators + 1;
            const auto signer = next_ % kValidators + 1;
            insert_event_.execute(next_, batch[i].era, block, signer, storage::Blob(hash),
                                  storage::as_blob(payloads[i]));
            insert_key_.execute(block, signer, next_);
        }
        transaction.commit();
        return seconds_since(begin);
    }

  private:
    static storage::SqliteConnection open(const std::filesystem::path& file) {
        storage::SqliteConnection connection(file, storage::SqliteConnection::Mode::ReadWriteCreate);
        connection.execute(
            "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "PRAGMA cache_size = -8192;"
            "CREATE TABLE event (id INTEGER PRIMARY KEY, kind INTEGER, source INTEGER, api_version INTEGER, "
            "received_at INTEGER, era INTEGER, height INTEGER, block INTEGER, signer INTEGER, block_hash "
            "BLOB, account BLOB, chain_hash BLOB, large_payload INTEGER, encoding INTEGER, payload BLOB) "
            "STRICT;"
            "CREATE TABLE signature_key (block INTEGER, signer INTEGER, id INTEGER, PRIMARY KEY (block, "
            "signer)) STRICT, WITHOUT ROWID");
        return connection;
    }

    storage::SqliteConnection connection_;
    storage::SqliteStatement insert_event_;
    storage::SqliteStatement insert_key_;
    storage::PayloadCodec codec_;
    std::uint64_t next_ = 1;
};

/// With prepared inserts of as many rows as a batch has.
class PostgresqlBareLoop final : public BareLoop {
  public:
    explicit PostgresqlBareLoop(const std::string& connection) : connection_(connection) {
        run("CREATE TABLE event_sidecar.bare (LIKE event_sidecar.event INCLUDING ALL)");
    }
    ~PostgresqlBareLoop() override { run("DROP TABLE event_sidecar.bare"); }
    PostgresqlBareLoop(const PostgresqlBareLoop&) = delete;
    PostgresqlBareLoop& operator=(const PostgresqlBareLoop&) = delete;

    double insert(const base::EventBatch& batch) override {
        // A statement has at most 65,535 parameters.
        constexpr std::size_t kMostRows = 65'535 / kColumns;
        const auto payloads = pack(codec_, batch);
        const auto begin = Clock::now();
        pqxx::work transaction(connection_);
        for (std::size_t done = 0; done < batch.size(); done += kMostRows) {
            const auto rows = std::min(kMostRows, batch.size() - done);
            transaction.exec_prepared(
                prepared(rows), pqxx::prepare::make_dynamic_params(values(batch, payloads, done, rows)));
        }
        transaction.commit();
        return seconds_since(begin);
    }

  private:
    static constexpr std::size_t kColumns = 11;

    void run(const std::string& sql) {
        pqxx::nontransaction alone(connection_);
        alone.exec(sql);
    }

    std::vector<std::string> values(const base::EventBatch& batch, const std::vector<std::string>& payloads,
                                    std::size_t first, std::size_t rows) {
        std::vector<std::string> values;
        values.reserve(rows * kColumns);
        for (auto i = first; i < first + rows; ++i) {
            const auto id = next_id_++;
            for (const std::int64_t value :
                 {static_cast<std::int64_t>(id), static_cast<std::int64_t>(1'700'000'000'000 + id),
                  std::int64_t{1}, static_cast<std::int64_t>(*batch[i].era),
                  static_cast<std::int64_t>(id / kValidators), static_cast<std::int64_t>(id % kValidators),
                  std::int64_t{6}, std::int64_t{2}, std::int64_t{1}})
                values.push_back(std::to_string(value));
            values.push_back("\\x" + hex_of(bytes_of(id, 32)));
            values.push_back("\\x" + hex_of({payloads[i].begin(), payloads[i].end()}));
        }
        return values;
    }

    std::string prepared(std::size_t rows) {
        auto name = fmt::format("insert_{}", rows);
        if (!prepared_.insert(rows).second) return name;
        std::string sql =
            "INSERT INTO event_sidecar.bare (id, received_at, api_version, era, block, signer, kind, source, "
            "encoding, chain_hash, payload) VALUES ";
        for (std::size_t row = 0, parameter = 0; row < rows; ++row) {
            sql += row == 0 ? "(" : ", (";
            for (std::size_t column = 0; column < kColumns; ++column)
                sql += fmt::format("{}${}", column == 0 ? "" : ",", ++parameter);
            sql += ")";
        }
        connection_.prepare(name, sql);
        return name;
    }

    pqxx::connection connection_;
    storage::PayloadCodec codec_;
    std::set<std::size_t> prepared_;
    base::EventId next_id_ = 1;
};

}  // namespace

std::unique_ptr<BareLoop> make_bare_loop(const Database& database) {
    if (const auto* sqlite = std::get_if<storage::SqliteOptions>(&database.options.database))
        return std::make_unique<SqliteBareLoop>(sqlite->directory / "bare.db3");
    return std::make_unique<PostgresqlBareLoop>(
        connection_string(std::get<storage::PostgresqlOptions>(database.options.database)));
}

}  // namespace perf
