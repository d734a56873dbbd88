// Measures the event log as the publisher sees it:
//
//   ingest_bench sqlite FOLDER [MILLIONS]
//   ingest_bench postgresql HOST PORT USER DATABASE [MILLIONS]
//
// Fills a log with MILLIONS (default 1) million finality signatures, and a bare loop (bare_loop.h) with as
// many. Then, durable and new:
//
//  1. appends by batch size, in turn with the bare loop, batch by batch;
//  2. batches that are known already;
//  3. appends of one signature while a payload of 30 MB is staged.
//
// FOLDER should be empty, and lie on the disk that is to be judged. PostgreSQL's password comes from
// PGPASSWORD; its schema event_sidecar must not exist, and stays.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <numeric>
#include <vector>

#include "bare_loop.h"
#include "base/metrics.h"
#include "database.h"
#include "latencies.h"
#include "signatures.h"

namespace {

constexpr std::size_t kFillBatch = 5120;
constexpr std::size_t kUsualBatch = 512;
constexpr std::size_t kStepSize = 30'000'000;

struct Round {
    std::size_t batch;
    std::size_t count;
};
constexpr std::array kRounds{Round{1, 2000}, Round{8, 1500}, Round{64, 1000}, Round{512, 600},
                             Round{4096, 60}};

struct Times {
    std::vector<double> seconds;

    [[nodiscard]] double total() const { return std::accumulate(seconds.begin(), seconds.end(), 0.0); }
    [[nodiscard]] double milliseconds_at(double quantile) {
        std::ranges::sort(seconds);
        return 1000 * seconds[static_cast<std::size_t>(quantile * static_cast<double>(seconds.size() - 1))];
    }
};

void print_rate(std::string_view what, std::size_t events, Times& times) {
    fmt::print("{:<16}{:>10.0f} events/s{:>10.2f} ms p50{:>10.2f} ms p99", what,
               static_cast<double>(events) / times.total(), times.milliseconds_at(0.5),
               times.milliseconds_at(0.99));
}

void fill(storage::EventLog& log, perf::BareLoop& bare, perf::Signatures& signatures,
          std::uint64_t millions) {
    while (log.range().next <= millions * 1'000'000) {
        const auto batch = signatures.next(kFillBatch);
        perf::append(log, batch);
        (void)bare.insert(batch);
    }
}

void compare(storage::EventLog& log, perf::BareLoop& bare, perf::Signatures& signatures, Round round) {
    Times of_log;
    Times of_bare;
    for (std::size_t i = 0; i < round.count; ++i) {
        const auto batch = signatures.next(round.batch);
        of_log.seconds.push_back(perf::append(log, batch));
        of_bare.seconds.push_back(bare.insert(batch));
    }
    const auto events = round.batch * round.count;
    print_rate(fmt::format("append {}", round.batch), events, of_log);
    fmt::print("   {:.2f} of\n", of_bare.total() / of_log.total());
    print_rate("  bare loop", events, of_bare);
    fmt::print("\n");
}

void append_known(storage::EventLog& log) {
    perf::Signatures again;
    Times times;
    constexpr std::size_t kCount = 200;
    for (std::size_t i = 0; i < kCount; ++i)
        times.seconds.push_back(perf::append(log, again.next(kUsualBatch)));
    print_rate("known 512", kCount * kUsualBatch, times);
    fmt::print("\n");
}

void append_while_staging(storage::EventLog& log, perf::Signatures& signatures) {
    auto step = std::make_shared<base::Event>();
    step->kind = base::Kind::Step;
    step->key.first = perf::bytes_of(7, 8);
    step->payload.assign(kStepSize, 'e');
    const auto staged = std::make_shared<std::atomic<std::uint64_t>>(0);
    log.stage(step, [staged](std::uint64_t number) { *staged = number; });

    std::vector<double> latencies;
    while (*staged == 0) latencies.push_back(perf::append(log, signatures.next(1)));
    perf::print_latencies("one at a time, while 30 MB are staged", latencies);
    base::EventBatch batch(1, *step);
    batch.front().payload.clear();
    batch.front().staged_payload = *staged;
    fmt::print("append of the staged payload: {:.2f} ms\n", 1000 * perf::append(log, batch));
}

int run(const perf::Database& database) {
    base::Metrics metrics;
    const auto log = perf::open(database, metrics);
    if (!log->range().empty()) {
        std::cerr << "there is a log already\n";
        return EXIT_FAILURE;
    }
    perf::Signatures signatures;
    const auto empty = database.bytes();
    {
        const auto bare = perf::make_bare_loop(database);
        fill(*log, *bare, signatures, database.millions);
        fmt::print("with {} events stored:\n", log->range().newest());
        for (const auto round : kRounds) compare(*log, *bare, signatures, round);
    }
    append_known(*log);
    fmt::print("{:.0f} bytes on disk a signature\n",
               static_cast<double>(database.bytes() - empty) / static_cast<double>(log->range().newest()));
    append_while_staging(*log, signatures);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    const auto database = perf::parse_database({argv + 1, argv + argc}, 1);
    if (database) return run(*database);
    std::cerr << "usage: ingest_bench " << perf::kDatabaseArguments << "\n";
    return EXIT_FAILURE;
}
