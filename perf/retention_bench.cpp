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
#include <iostream>
#include <thread>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "database.h"
#include "latencies.h"
#include "signatures.h"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kFillBatch = 5120;
constexpr std::size_t kBatch = 10;
constexpr auto kBetweenBatches = 10ms;
constexpr auto kAtMost = 30min;
constexpr auto kAtLeast = 60s;

/// How long nothing must change; PostgreSQL's autovacuum comes once a minute.
std::chrono::seconds patience_with(const perf::Database& database) {
    return database.form == "sqlite" ? 20s : 150s;
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

void ingest(storage::EventLog& log, perf::Signatures& signatures, const perf::Database& database) {
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
        if (now > changed + patience_with(database) && now > begin + kAtLeast) break;
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

int run(perf::Database database) {
    base::Metrics metrics;
    perf::Signatures signatures;
    auto log = perf::open(database, metrics);
    fill(*log, signatures, database.millions);
    log.reset();
    const auto before = database.bytes();
    database.options.retention.emplace().max_size_in_mb = before / 10'000'000;
    std::cout << "files: " << megabytes(before)
              << " MB; max_size_in_mb = " << *database.options.retention->max_size_in_mb << std::endl;
    log = perf::open(database, metrics);
    ingest(*log, signatures, database);
    std::cout << "files: " << megabytes(database.bytes()) << " MB, which hold "
              << log->range().next - log->range().oldest << " events\n";
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    auto database = perf::parse_database({argv + 1, argv + argc}, 5);
    if (database) return run(std::move(*database));
    std::cerr << "usage: retention_bench " << perf::kDatabaseArguments << "\n";
    return EXIT_FAILURE;
}
