// Measures the SQLite event log as the publisher sees it: storage_bench FOLDER [MILLIONS]
//
//  1. appends of 512 new finality signatures each, when the log holds MILLIONS (default 2) million rows,
//     alternating with a bare loop: the same rows, ready made, by prepared inserts into the same two tables
//     of a database with the same settings that holds as many;
//  2. appends of one signature, with checkpoints in between;
//  3. the same while a payload of 30 MB is staged.
//
// FOLDER should lie on the disk that is to be judged, and be empty.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "latencies.h"
#include "signatures.h"
#include "storage/payload_codec.h"
#include "storage/sqlite.h"
#include "storage/sqlite_event_log.h"

namespace {

using Clock = std::chrono::steady_clock;
using perf::append;
using perf::bytes_of;
using perf::kValidators;
using perf::print_latencies;
using perf::Signatures;

constexpr std::size_t kBatch = 512;
constexpr std::size_t kRowsTimed = 200'000;
constexpr int kSingles = 3'000;
constexpr std::size_t kStepSize = 30'000'000;

double seconds(Clock::duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// The same rows with the same library and settings, and nothing else: no key is looked up, nothing is packed
/// or hashed, no position is kept.
class BareLoop {
  public:
    explicit BareLoop(const std::filesystem::path& file)
        : connection_(open(file)),
          insert_event_(connection_.prepare("INSERT INTO event VALUES (?1, 6, 2, 1099516870662, "
                                            "1795341653368, ?2, NULL, ?3, ?4, NULL, NULL, ?5, NULL, 1, ?6)")),
          insert_key_(connection_.prepare("INSERT INTO signature_key VALUES (?1, ?2, ?3)")) {}

    double append(const base::EventBatch& batch) {
        std::vector<std::string> payloads;
        for (const auto& event : batch) {
            payloads.emplace_back(codec_.encode(event.payload, {event.key.first, event.key.second}).bytes);
        }
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
        return seconds(Clock::now() - begin);
    }

  private:
    static storage::SqliteConnection open(const std::filesystem::path& file) {
        storage::SqliteConnection connection(file, storage::SqliteConnection::Mode::ReadWriteCreate);
        connection.execute(
            "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "PRAGMA cache_size = -8192;"
            "CREATE TABLE event (id INTEGER PRIMARY KEY, kind INTEGER, source INTEGER, api_version INTEGER, "
            "received_at INTEGER, era INTEGER, height INTEGER, block INTEGER, signer INTEGER, block_hash "
            "BLOB, "
            "account BLOB, chain_hash BLOB, large_payload INTEGER, encoding INTEGER, payload BLOB) STRICT;"
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

/// Both take turns, round after round; the making of the events is not counted.
void compare(storage::EventLog& log, BareLoop& bare, Signatures& signatures) {
    double log_time = 0;
    double bare_time = 0;
    for (std::size_t done = 0; done < kRowsTimed; done += kBatch) {
        const auto batch = signatures.next(kBatch);
        log_time += append(log, batch);
        bare_time += bare.append(batch);
    }
    const auto rate = [](double time) { return static_cast<double>(kRowsTimed) / time; };
    std::cout << log.range().newest() / 1'000'000 << " million rows: append " << rate(log_time)
              << " rows/s, bare loop " << rate(bare_time) << " rows/s, ratio " << bare_time / log_time
              << std::endl;
}

std::vector<double> singles(storage::EventLog& log, Signatures& signatures, int count) {
    std::vector<double> latencies;
    for (int i = 0; i < count; ++i) latencies.push_back(append(log, signatures.next(1)));
    return latencies;
}

std::vector<double> singles_while_staging(storage::EventLog& log, Signatures& signatures) {
    auto step = std::make_shared<base::Event>();
    step->kind = base::Kind::Step;
    step->key.first = bytes_of(7, 8);
    step->payload.assign(kStepSize, 'e');
    const auto staged = std::make_shared<std::atomic<std::uint64_t>>(0);
    log.stage(step, [staged](std::uint64_t number) { *staged = number; });

    std::vector<double> latencies;
    while (*staged == 0) latencies.push_back(append(log, signatures.next(1)));
    base::EventBatch batch(1, *step);
    batch.front().payload.clear();
    batch.front().staged_payload = *staged;
    std::cout << "append of the staged payload: " << 1000 * append(log, batch) << " ms\n";
    return latencies;
}

int run(const std::filesystem::path& folder, std::uint64_t millions) {
    base::Metrics metrics;
    storage::SqliteOptions options;
    options.directory = folder;
    const auto log = storage::SqliteEventLog::open(options, base::make_log({}), metrics).value();
    if (!log->range().empty()) {
        std::cerr << folder << " holds a log already\n";
        return EXIT_FAILURE;
    }
    Signatures signatures;
    BareLoop bare(folder / "bare.db3");
    compare(*log, bare, signatures);
    while (log->range().next < millions * 1'000'000) {
        const auto batch = signatures.next(10 * kBatch);
        append(*log, batch);
        bare.append(batch);
    }
    compare(*log, bare, signatures);
    print_latencies("one at a time", singles(*log, signatures, kSingles));
    print_latencies("while 30 MB are staged", singles_while_staging(*log, signatures));
    std::cout << "size: " << std::filesystem::file_size(folder / options.file_name) / log->range().newest()
              << " bytes/row\n";
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "usage: storage_bench FOLDER [MILLIONS]\n";
        return EXIT_FAILURE;
    }
    return run(argv[1], argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 2);
}
