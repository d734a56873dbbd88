// postgresql_bench HOST PORT USER DATABASE [BATCHES [BATCH]]: durable signature events a second through
// append(), beside a bare loop of prepared multi-row inserts of the same rows; password from PGPASSWORD or
// .pgpass. The database's schema event_sidecar must not exist; it is dropped at the end.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "signatures.h"
#include "storage/payload_codec.h"
#include "storage/postgresql_event_log.h"

namespace {

using Clock = std::chrono::steady_clock;
using perf::kValidators;

struct Rate {
    double per_second = 0;
    double p50_ms = 0;
    double p99_ms = 0;
};

template <class Insert>
Rate measure(std::uint64_t first, std::uint64_t batches, std::size_t size, Insert&& insert) {
    std::vector<double> times;
    double total = 0;
    for (std::uint64_t b = 0; b < batches; ++b) {
        base::EventBatch batch;
        for (std::size_t i = 0; i < size; ++i) batch.push_back(perf::signature(first + b * size + i));
        const auto begin = Clock::now();
        insert(batch);
        times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
        total += times.back();
    }
    std::ranges::sort(times);
    return {static_cast<double>(batches * size) / total * 1000, times[times.size() / 2],
            times[times.size() * 99 / 100]};
}

/// The rows of signatures as the log stores them, with its indexes, and nothing else.
class BareLoop {
  public:
    BareLoop(const std::string& connection, std::size_t batch) : connection_(connection), batch_(batch) {
        pqxx::nontransaction alone(connection_);
        alone.exec(
            "CREATE TABLE event_sidecar.bare (id bigint PRIMARY KEY, received_at bigint, api_version bigint, "
            "era bigint, block int, signer int, kind smallint, source smallint, encoding smallint, "
            "chain_hash bytea, payload bytea);"
            "CREATE UNIQUE INDEX bare_signature ON event_sidecar.bare (block, signer) WHERE kind = 6");
        std::string sql = "INSERT INTO event_sidecar.bare VALUES ";
        for (std::size_t row = 0, parameter = 0; row < batch; ++row) {
            sql += row == 0 ? "(" : ", (";
            for (std::size_t column = 0; column < kColumns; ++column)
                sql += fmt::format("{}${}", column == 0 ? "" : ",", ++parameter);
            sql += ")";
        }
        connection_.prepare("insert", sql);
    }

    void insert(const base::EventBatch& batch) {
        std::vector<std::string> values;
        values.reserve(batch_ * kColumns);
        for (const auto& event : batch) {
            const auto id = next_id_++;
            const auto encoded = codec_.encode(event.payload, {event.key.first, event.key.second});
            for (const std::int64_t value :
                 {static_cast<std::int64_t>(id), static_cast<std::int64_t>(1'700'000'000'000 + id),
                  std::int64_t{1}, static_cast<std::int64_t>(*event.era),
                  static_cast<std::int64_t>(id / kValidators), static_cast<std::int64_t>(id % kValidators),
                  std::int64_t{6}, std::int64_t{2}, std::int64_t{1}})
                values.push_back(std::to_string(value));
            values.push_back("\\x" + perf::hex_of(perf::bytes_of(id, 32)));
            values.push_back("\\x" + perf::hex_of({encoded.bytes.begin(), encoded.bytes.end()}));
        }
        pqxx::nontransaction alone(connection_);
        alone.exec_prepared("insert", pqxx::prepare::make_dynamic_params(values));
    }

  private:
    static constexpr std::size_t kColumns = 11;
    pqxx::connection connection_;
    storage::PayloadCodec codec_;
    std::size_t batch_;
    base::EventId next_id_ = 1;
};

void report(std::string_view name, const Rate& rate) {
    fmt::print("{:<10} {:>8.0f} events/s   batch p50 {:6.2f} ms, p99 {:6.2f} ms\n", name, rate.per_second,
               rate.p50_ms, rate.p99_ms);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) {
        fmt::print(stderr, "usage: postgresql_bench HOST PORT USER DATABASE [BATCHES [BATCH]]\n");
        return 2;
    }
    storage::PostgresqlOptions database;
    database.host = argv[1];
    database.port = static_cast<std::uint16_t>(std::atoi(argv[2]));
    database.database_username = argv[3];
    database.database_name = argv[4];
    const auto batches = static_cast<std::uint64_t>(argc > 5 ? std::atoi(argv[5]) : 200);
    const auto size = static_cast<std::size_t>(argc > 6 ? std::atoi(argv[6]) : 512);
    constexpr int kRounds = 3;

    storage::Options options;
    options.database = database;
    options.instance_name = "bench";
    base::Metrics metrics;
    auto log = storage::PostgresqlEventLog::open(options, base::make_null_log(), metrics);
    if (!log) {
        fmt::print(stderr, "{}\n", log.error().message);
        return 1;
    }
    const auto connection = fmt::format("host={} port={} user={} dbname={}", database.host, database.port,
                                        database.database_username, database.database_name);
    {
        BareLoop bare(connection, size);
        std::uint64_t first = 0;
        for (int round = 0; round < kRounds; ++round, first += batches * size) {
            report("bare loop",
                   measure(first, batches, size, [&](const auto& batch) { bare.insert(batch); }));
            report("append()", measure(first, batches, size,
                                       [&](const auto& batch) { (*log)->append(batch, "bench").value(); }));
        }
        report("known",
               measure(0, batches, size, [&](const auto& batch) { (*log)->append(batch, "bench").value(); }));
    }
    log->reset();
    pqxx::connection admin(connection);
    pqxx::nontransaction alone(admin);
    const auto bytes = alone.exec(
        "SELECT pg_total_relation_size('event_sidecar.event') + pg_total_relation_size('event_sidecar.hash') "
        "+ "
        "pg_total_relation_size('event_sidecar.public_key'), (SELECT count(*) FROM event_sidecar.event)");
    fmt::print("{:.1f} bytes on disk a signature, indexes included\n",
               bytes[0][0].as<double>() / bytes[0][1].as<double>());
    alone.exec("DROP SCHEMA event_sidecar CASCADE");
    return 0;
}
