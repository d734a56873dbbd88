// Measures how a log is opened and read:
//
//   read_bench sqlite FOLDER [MILLIONS]
//   read_bench postgresql HOST PORT USER DATABASE [MILLIONS]
//
// Fills a log with finality signatures until it holds MILLIONS (default 2) million events; one that holds as
// many is taken as it is. Then, in one run:
//
//  1. the opening of the log and the reading of its newest 5,000 events, as before a first subscriber is
//     served;
//  2. ranges of 256 events from random ids on, and
//  3. single events of random ids, both beside a bare loop: a prepared SELECT of id and payload with the same
//     library, which unpacks nothing.
//
// Pages that were read before come from memory: the figures are those of a warm log.

#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <pqxx/pqxx>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/metrics.h"
#include "database.h"
#include "latencies.h"
#include "signatures.h"
#include "storage/sqlite.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kFillBatch = 5120;
constexpr std::size_t kRange = 256;
constexpr std::size_t kRanges = 2'000;
constexpr std::size_t kPoints = 20'000;
constexpr std::size_t kNewest = 5'000;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Reads so many events from an id on.
using Read = std::function<void(base::EventId from, std::size_t count)>;

Read read_log(const storage::EventLog& log) {
    return [&log](base::EventId from, std::size_t count) {
        const auto page =
            log.read({.endpoint = {}, .from = from, .to = from + count, .max_events = count}).value();
        if (page.events.size() != count) throw std::runtime_error("events are missing");
    };
}

Read bare_sqlite(const storage::SqliteOptions& options) {
    const auto connection = std::make_shared<storage::SqliteConnection>(
        options.directory / options.file_name, storage::SqliteConnection::Mode::ReadOnly);
    const auto select = std::make_shared<storage::SqliteStatement>(
        connection->prepare("SELECT id, payload FROM event WHERE id >= ?1 AND id < ?2 ORDER BY id"));
    return [connection, select](base::EventId from, std::size_t count) {
        auto rows = select->query(from, from + count);
        for (; rows.next(); --count) (void)rows.blob(1);
        if (count != 0) throw std::runtime_error("events are missing");
    };
}

Read bare_postgresql(const storage::PostgresqlOptions& options) {
    const auto connection = std::make_shared<pqxx::connection>(perf::connection_string(options));
    connection->prepare("bare",
                        "SELECT id, payload FROM event_sidecar.event WHERE id >= $1 AND id < $2 ORDER BY id");
    return [connection](base::EventId from, std::size_t count) {
        pqxx::nontransaction alone(*connection);
        if (alone.exec_prepared("bare", from, from + count).size() != static_cast<std::size_t>(count))
            throw std::runtime_error("events are missing");
    };
}

/// Seconds of each call; both take turns.
std::pair<std::vector<double>, std::vector<double>> take_turns(const Read& log, const Read& bare,
                                                               base::EventId newest, std::size_t calls,
                                                               std::size_t count) {
    std::mt19937_64 random(1);
    std::vector<double> of_log;
    std::vector<double> of_bare;
    for (std::size_t i = 0; i < calls; ++i) {
        for (const auto& [read, times] : {std::pair{&log, &of_log}, std::pair{&bare, &of_bare}}) {
            const auto from = 1 + random() % (newest - count);
            const auto begin = Clock::now();
            (*read)(from, count);
            times->push_back(seconds_since(begin));
        }
    }
    return {of_log, of_bare};
}

double sum(const std::vector<double>& times) {
    double all = 0;
    for (const auto time : times) all += time;
    return all;
}

void compare(const char* what, const Read& log, const Read& bare, base::EventId newest, std::size_t calls,
             std::size_t count) {
    const auto [of_log, of_bare] = take_turns(log, bare, newest, calls, count);
    const auto events = static_cast<double>(calls * count);
    std::cout << what << ": " << events / sum(of_log) << " events/s, bare loop " << events / sum(of_bare)
              << " events/s, ratio " << sum(of_bare) / sum(of_log) << "\n";
    perf::print_latencies("  log", of_log);
    perf::print_latencies("  bare loop", of_bare);
}

int run(const perf::Database& database) {
    base::Metrics metrics;
    auto log = perf::open(database, metrics);
    perf::Signatures signatures;
    if (log->range().empty()) {
        while (log->range().next <= database.millions * 1'000'000)
            perf::append(*log, signatures.next(kFillBatch));
    }
    log.reset();

    const auto begin = Clock::now();
    log = perf::open(database, metrics);
    const auto opened = seconds_since(begin);
    const auto newest = log->read_newest(kNewest, std::size_t{64} << 20U).value();
    std::cout << log->range().newest() << " events: opened in " << 1000 * opened << " ms, the newest "
              << newest.size() << " read " << 1000 * seconds_since(begin) << " ms after the beginning"
              << std::endl;

    const auto* sqlite = std::get_if<storage::SqliteOptions>(&database.options.database);
    const auto bare = sqlite != nullptr
                          ? bare_sqlite(*sqlite)
                          : bare_postgresql(std::get<storage::PostgresqlOptions>(database.options.database));
    compare("ranges of 256", read_log(*log), bare, log->range().newest(), kRanges, kRange);
    compare("single events", read_log(*log), bare, log->range().newest(), kPoints, 1);
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    const auto database = perf::parse_database({argv + 1, argv + argc}, 2);
    if (database) return run(*database);
    std::cerr << "usage: read_bench " << perf::kDatabaseArguments << "\n";
    return EXIT_FAILURE;
}
