// Measures the SQLite event log as the publisher sees it: storage_bench FOLDER [MILLIONS]
//
//  1. appends of 512 new finality signatures (345 bytes of payload each) to an empty log;
//  2. the same when the log holds MILLIONS (default 2) million rows;
//  3. appends of one signature, with checkpoints in between;
//  4. the same while a payload of 30 MB is staged.
//
// FOLDER should lie on the disk that is to be judged, and be empty.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "storage/sqlite_event_log.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kValidators = 100;
constexpr std::size_t kBatch = 512;
constexpr std::size_t kRowsTimed = 200'000;
constexpr int kSingles = 3'000;
constexpr std::size_t kStepSize = 30'000'000;

base::KeyBytes bytes_of(std::uint64_t number, std::size_t size) {
    base::KeyBytes bytes;
    std::uint64_t state = number * 0x9E3779B97F4A7C15U + 1;
    for (std::size_t i = 0; i < size; ++i) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        bytes.push_back(static_cast<std::uint8_t>(state));
    }
    return bytes;
}

/// Signature after signature, a hundred a block.
class Signatures {
  public:
    [[nodiscard]] base::EventBatch next(std::size_t count) {
        base::EventBatch batch;
        for (std::size_t i = 0; i < count; ++i, ++number_) {
            base::Event event;
            event.kind = base::Kind::FinalitySignature;
            event.filter = base::Filter::Sigs;
            event.key = {bytes_of(number_ / kValidators, 32),
                         bytes_of(1'000'000'007 + number_ % kValidators, 33)};
            event.block_hash = event.key.first;
            event.era = number_ / 1'000'000;
            event.payload.assign(345, 's');
            event.node = "node";
            event.position.event_id = static_cast<std::uint32_t>(number_);
            batch.push_back(std::move(event));
        }
        return batch;
    }

  private:
    std::uint64_t number_ = 0;
};

double seconds(Clock::duration duration) {
    return std::chrono::duration<double>(duration).count();
}

double append(storage::EventLog& log, const base::EventBatch& batch) {
    const auto begin = Clock::now();
    log.append(batch, "casper").value();
    return seconds(Clock::now() - begin);
}

/// Rows a second, the making of the events not counted.
double throughput(storage::EventLog& log, Signatures& signatures, std::size_t rows) {
    double spent = 0;
    for (std::size_t done = 0; done < rows; done += kBatch) spent += append(log, signatures.next(kBatch));
    return static_cast<double>(rows) / spent;
}

void print_latencies(std::string_view what, std::vector<double> latencies) {
    std::ranges::sort(latencies);
    const auto at = [&](double quantile) {
        const auto index = static_cast<std::size_t>(quantile * static_cast<double>(latencies.size() - 1));
        return 1000 * latencies[index];
    };
    std::cout << what << ": " << latencies.size() << " appends, p50 " << at(0.5) << " ms, p99 " << at(0.99)
              << " ms, longest " << at(1) << " ms\n";
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
    std::cout << "empty log: " << throughput(*log, signatures, kRowsTimed) << " rows/s\n";
    while (log->range().next < millions * 1'000'000) append(*log, signatures.next(10 * kBatch));
    std::cout << millions << " million rows: " << throughput(*log, signatures, kRowsTimed) << " rows/s\n";
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
