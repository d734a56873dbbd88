#include "retention_logs.h"

#include <atomic>
#include <utility>

#include "postgresql_log.h"
#include "postgresql_pruning.h"
#include "sqlite_log.h"
#include "storage/event_keys.h"
#include "storage/payload_stager.h"
#include "storage/pruner.h"
#include "storage/sqlite_payloads.h"
#include "storage/sqlite_pruned_tables.h"
#include "storage/sqlite_writer.h"

namespace storage_test {

namespace {

void run_to_its_end(storage::Pruner& pruner, storage::PayloadStager& stager) {
    for (bool more = true; more;) {
        const auto next = pruner.step();
        more = (next && *next <= storage::Pruner::Clock::now()) || stager.has_work();
        if (stager.has_work()) stager.step();
    }
}

class SqliteRetentionLog final : public RetentionLog {
  public:
    storage::EventLog& log() override {
        if (!log_) log_ = open_sqlite(sqlite_.options()).value();
        return *log_;
    }

    void reopen(const storage::RetentionOptions& options) override {
        log_.reset();
        auto sqlite = sqlite_.options();
        sqlite.retention = options;
        log_ = open_sqlite(sqlite).value();
    }

    void prune(const storage::RetentionOptions& options, storage::UnixMs at) override {
        log_.reset();
        prune_sqlite(sqlite_.file(), options, at);
    }

    std::string query(const std::string& sql) override {
        const storage::SqliteConnection connection(sqlite_.file(), storage::SqliteConnection::Mode::ReadOnly);
        return connection.text(sql);
    }

    std::int64_t known() override { return count("event_key") + count("signature_key") + count("block"); }

    std::string chain_hash(base::EventId id) override {
        return query("SELECT lower(hex(chain_hash)) FROM event WHERE id = " + std::to_string(id));
    }

    std::string runs() override {
        return query(
            "SELECT group_concat(first_id || '-' || last_id || ':' || lower(hex(end_hash))) FROM "
            "(SELECT * FROM pruned_run ORDER BY first_id)");
    }

  private:
    SqliteLog sqlite_{false};
    std::unique_ptr<storage::SqliteEventLog> log_;
};

class PostgresqlRetentionLog final : public RetentionLog {
  public:
    storage::EventLog& log() override {
        if (!open_) reopen({});
        return postgresql_.log();
    }

    void reopen(const storage::RetentionOptions& options) override {
        postgresql_.close();
        postgresql_.options().retention = options;
        postgresql_.open();
        open_ = true;
    }

    void prune(const storage::RetentionOptions& options, storage::UnixMs at) override {
        if (!open_) reopen({});
        postgresql_.close();
        open_ = false;
        PostgresqlPruning pruning(postgresql_, options.keep_kinds);
        storage::Pruner pruner(pruning.make_tables(), pruning.stager, options, base::make_null_log(),
                               [at] { return at; });
        run_to_its_end(pruner, pruning.stager);
    }

    std::string query(const std::string& sql) override {
        return postgresql_.query("SET search_path = event_sidecar; " + sql);
    }

    std::int64_t known() override { return count("pruned_key") + count("hash"); }

    std::string chain_hash(base::EventId id) override {
        return query("SELECT encode(chain_hash, 'hex') FROM event WHERE id = " + std::to_string(id));
    }

    std::string runs() override {
        return query(
            "SELECT string_agg(first_id || '-' || last_id || ':' || encode(end_hash, 'hex'), ',' "
            "ORDER BY first_id) FROM pruned_run");
    }

  private:
    PostgresqlLog postgresql_{false};
    bool open_ = false;
};

}  // namespace

void prune_sqlite(const std::filesystem::path& file, const storage::RetentionOptions& options,
                  storage::UnixMs at) {
    storage::SqliteWriter writer(storage::SqliteConnection(file, storage::SqliteConnection::Mode::ReadWrite));
    storage::EventKeys keys(writer.connection());
    storage::PayloadStager stager(std::make_unique<storage::SqlitePayloads>(writer, keys), true, [] {});
    std::atomic<base::EventId> oldest =
        static_cast<base::EventId>(writer.connection().integer("SELECT oldest_id FROM log"));
    storage::Pruner pruner(std::make_unique<storage::SqlitePrunedTables>(writer, options.keep_kinds, oldest),
                           stager, options, base::make_null_log(), [at] { return at; });
    run_to_its_end(pruner, stager);
}

std::vector<RetentionLogFactory> retention_log_factories() {
    return {{"Sqlite", [] { return std::make_unique<SqliteRetentionLog>(); }},
            {"Postgresql", [] { return std::make_unique<PostgresqlRetentionLog>(); }}};
}

}  // namespace storage_test
