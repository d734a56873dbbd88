// Measures what the deletion of old events costs the appends:
//
//   retention_bench sqlite FOLDER [MILLIONS]
//   retention_bench postgresql HOST PORT USER DATABASE [MILLIONS]
//
// Fills a log with MILLIONS (default 5) million finality signatures, opens it again with a max_size_in_mb of
// a tenth of its size, and appends 1000 events a second, ten at a time, until nothing is left to be deleted
// and the files do not become smaller any more. FOLDER should be empty, and lie on the disk that is to be
// judged. PostgreSQL's password comes from PGPASSWORD; its schema event_sidecar must not exist, and stays.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "latencies.h"
#include "signatures.h"
#include "storage/open_log.h"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kFillBatch = 5120;
constexpr std::size_t kBatch = 10;
constexpr auto kBetweenBatches = 10ms;
constexpr auto kAtMost = 30min;
constexpr auto kAtLeast = 60s;

struct Database {
    storage::Options options;
    std::function<std::uint64_t()> bytes;  ///< of its files
    std::chrono::seconds patience;         ///< how long nothing must change
};

Database sqlite(const std::filesystem::path& folder) {
    storage::SqliteOptions sqlite;
    sqlite.directory = folder;
    const auto file = folder / sqlite.file_name;
    storage::Options options;
    options.storage_path = folder;
    options.database = sqlite;
    return {options, [file] { return std::filesystem::file_size(file); }, 20s};
}

Database postgresql(char** argv) {
    storage::PostgresqlOptions database;
    database.host = argv[0];
    database.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    database.database_username = argv[2];
    database.database_name = argv[3];
    storage::Options options;
    options.storage_path = std::filesystem::temp_directory_path();
    options.database = database;
    options.instance_name = "bench";
    const auto connection =
        std::make_shared<pqxx::connection>("host=" + database.host + " port=" + argv[1] + " user=" + argv[2] +
                                           " dbname=" + database.database_name);
    const auto bytes = [connection] {
        pqxx::nontransaction alone(*connection);
        return alone.exec("SELECT pg_database_size(current_database())")[0][0].as<std::uint64_t>();
    };
    return {options, bytes, 150s};  // autovacuum comes once a minute
}

std::unique_ptr<storage::EventLog> open(const storage::Options& options, base::Metrics& metrics) {
    auto log = storage::open_log(options, base::make_log({}), metrics);
    if (log) return std::move(*log);
    std::cerr << log.error().message << "\n";
    std::exit(EXIT_FAILURE);
}

void fill(storage::EventLog& log, perf::Signatures& signatures, std::uint64_t millions) {
    const auto begin = Clock::now();
    while (log.range().next <= millions * 1'000'000) perf::append(log, signatures.next(kFillBatch));
    const std::chrono::duration<double> took = Clock::now() - begin;
    std::cout << "filled with " << log.range().newest() << " events in " << took.count() << " s" << std::endl;
}

double megabytes(std::uint64_t bytes) {
    return static_cast<double>(bytes) / 1e6;
}

void ingest(storage::EventLog& log, perf::Signatures& signatures, const Database& database) {
    std::vector<double> while_deleting;
    std::vector<double> afterwards;
    const auto begin = Clock::now();
    auto changed = begin;        // the oldest id, or the size
    auto deleted_until = begin;  // the oldest id
    bool deleting = true;
    auto oldest = log.range().oldest;
    const auto first = oldest;
    auto smallest = database.bytes();
    std::size_t batches = 0;
    for (auto due = begin; due < begin + kAtMost; due += kBetweenBatches, ++batches) {
        const auto batch = signatures.next(kBatch);
        std::this_thread::sleep_until(due);
        deleting = deleting && Clock::now() < deleted_until + 2s;
        auto& latencies = deleting ? while_deleting : afterwards;
        latencies.push_back(perf::append(log, batch));

        const auto now = Clock::now();
        // Later it is only what comes that goes.
        if (const auto seen = log.range().oldest; deleting && seen > oldest) {
            oldest = seen;
            changed = deleted_until = now;
        }
        if (batches % 100 == 0) {
            if (const auto size = database.bytes(); size < smallest - smallest / 100) {
                smallest = size;
                changed = now;
            }
        }
        if (now > changed + database.patience && now > begin + kAtLeast) break;
    }
    const std::chrono::duration<double> took = Clock::now() - begin;
    const std::chrono::duration<double> deletion = deleted_until - begin;
    std::cout << "appended " << static_cast<double>(batches * kBatch) / took.count() << " events/s for "
              << took.count() << " s\n"
              << "deleted " << oldest - first << " events in " << deletion.count() << " s, "
              << static_cast<double>(oldest - first) / deletion.count() << " events/s\n";
    perf::print_latencies("while events are deleted", while_deleting);
    perf::print_latencies("afterwards, while space is given back", afterwards);
}

int run(Database database, std::uint64_t millions) {
    base::Metrics metrics;
    perf::Signatures signatures;
    auto log = open(database.options, metrics);
    fill(*log, signatures, millions);
    log.reset();
    const auto before = database.bytes();
    database.options.retention.emplace().max_size_in_mb = before / 10'000'000;
    std::cout << "files: " << megabytes(before)
              << " MB; max_size_in_mb = " << *database.options.retention->max_size_in_mb << std::endl;
    log = open(database.options, metrics);
    ingest(*log, signatures, database);
    std::cout << "files: " << megabytes(database.bytes()) << " MB, which hold "
              << log->range().next - log->range().oldest << " events\n";
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string form = argc > 1 ? argv[1] : "";
    const int named = form == "sqlite" ? 3 : 6;
    if ((form != "sqlite" && form != "postgresql") || argc < named) {
        std::cerr << "usage: retention_bench sqlite FOLDER [MILLIONS]\n"
                     "       retention_bench postgresql HOST PORT USER DATABASE [MILLIONS]\n";
        return EXIT_FAILURE;
    }
    const auto millions = argc > named ? std::strtoull(argv[named], nullptr, 10) : 5;
    return run(form == "sqlite" ? sqlite(argv[2]) : postgresql(argv + 2), millions);
}
