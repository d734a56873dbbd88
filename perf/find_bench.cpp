// Measures the queries of a log:
//
//   find_bench sqlite FOLDER [MILLIONS]
//   find_bench postgresql HOST PORT USER DATABASE [MILLIONS]
//
// Fills a log with a chain (block_events.h) until it holds MILLIONS (default 2) million events; one that
// holds as many is taken as it is. Then asks every query, at random places, deep pages included: 1,000 times,
// or for 2 s. Pages that were read before come from memory: the figures are those of a warm log. CPU is that
// of the calling thread.

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fmt/format.h>
#include <functional>
#include <future>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "block_events.h"
#include "database.h"
#include "latencies.h"
#include "signatures.h"
#include "storage/event_finder.h"

namespace {

using base::Kind;
using perf::BlockEvents;
using storage::DeployStatus;
using storage::EventFinder;
using storage::Order;
using storage::Place;

constexpr std::uint64_t kLargeEra = 1'000'000;
constexpr int kWarmUps = 20;
constexpr int kCalls = 1000;
constexpr double kMostSeconds = 2;

double cpu_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::uint64_t stage(storage::EventLog& log, base::Event event) {
    std::promise<std::uint64_t> number;
    log.stage(std::make_shared<const base::Event>(std::move(event)),
              [&number](std::uint64_t staged) { number.set_value(staged); });
    return number.get_future().get();
}

void fill(storage::EventLog& log, std::uint64_t millions) {
    constexpr std::uint64_t kBlocksAtOnce = 40;
    const auto begin = std::chrono::steady_clock::now();
    auto large = BlockEvents::large_step(kLargeEra);
    large.staged_payload = stage(log, large);
    perf::append(log, {large});
    for (std::uint64_t height = 0; log.range().next <= millions * 1'000'000;) {
        base::EventBatch batch;
        for (const auto end = height + kBlocksAtOnce; height < end; ++height) {
            for (auto& event : BlockEvents::of(height)) batch.push_back(std::move(event));
        }
        perf::append(log, batch);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::cout << "filled with " << log.range().newest() << " events in " << took.count() << " s" << std::endl;
}

/// Asks once; how many entries came.
using Ask = std::function<std::size_t(std::mt19937_64&)>;

void measure(const std::string& what, const Ask& ask) {
    std::mt19937_64 random(1);
    std::size_t entries = 0;
    for (int i = 0; i < kWarmUps; ++i) (void)ask(random);
    std::vector<double> latencies;
    double sum = 0;
    const auto cpu = cpu_seconds();
    for (int i = 0; i < kCalls && sum < kMostSeconds; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        entries += ask(random);
        latencies.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
        sum += latencies.back();
    }
    const auto calls = static_cast<double>(latencies.size());
    const auto cpu_used = cpu_seconds() - cpu;
    perf::print_latencies(what, latencies);
    std::cout << fmt::format("    {:.0f} calls/s, {:.1f} us of CPU and {:.1f} entries a call\n", calls / sum,
                             1e6 * cpu_used / calls, static_cast<double>(entries) / calls);
}

/// The queries of a log of so many blocks.
class Queries {
  public:
    Queries(const EventFinder& finder, std::uint64_t blocks, base::EventId newest)
        : finder_(finder), blocks_(blocks), newest_(newest) {}

    void measure_lookups() const {
        measure("block by hash", [&](auto& random) {
            return one(finder_.find(Kind::BlockAdded, BlockEvents::block_hash(random() % blocks_)));
        });
        measure("block by hash, missing", [&](auto& random) {
            const auto none = finder_.find(Kind::BlockAdded, perf::bytes_of(random(), 32)).value();
            return none ? 1U : 0U;
        });
        measure("block by height", [&](auto& random) { return one(finder_.block_at(random() % blocks_)); });
        measure("newest block", [&](auto&) { return one(finder_.newest_block()); });
        measure("deploy",
                [&](auto& random) { return finder_.deploy(a_deploy(random)).value().accepted ? 1U : 0U; });
        measure("accepted deploy",
                [&](auto& random) { return one(finder_.find(Kind::DeployAccepted, a_deploy(random))); });
        measure("step", [&](auto& random) {
            return one(finder_.step(random() % (blocks_ / BlockEvents::kBlocksPerEra)));
        });
        measure("faults of a validator", [&](auto& random) {
            return finder_.faults_of(BlockEvents::validator(random() % 7)).value().size();
        });
        measure("faults of an era", [&](auto& random) {
            return finder_.faults_in(random() % (blocks_ / BlockEvents::kBlocksPerEra)).value().size();
        });
        measure("signatures of a block", [&](auto& random) {
            return finder_.signatures_of(BlockEvents::block_hash(random() % blocks_)).value().size();
        });
        const auto large = finder_.step(kLargeEra).value()->large;
        measure("large step", [&](auto&) { return finder_.read_large(large).value() ? 1U : 0U; });
    }

    void measure_blocks() const {
        measure("blocks, first page", [&](auto&) { return finder_.blocks({}).value().entries.size(); });
        for (const auto& [name, order] :
             {std::pair{"down", Order::NewestFirst}, std::pair{"up", Order::OldestFirst}}) {
            measure(fmt::format("blocks {}, deep page", name), [&, o = order](auto& random) {
                return finder_.blocks({.order = o, .after = Place{random() % blocks_, random() % newest_}})
                    .value()
                    .entries.size();
            });
        }
    }

    void measure_events() const {
        measure("events of any kind, deep page", [&](auto& random) {
            return finder_.events({.after = Place{0, random() % newest_}}).value().entries.size();
        });
        for (const auto& row : base::kKinds) {
            if (row.kind == Kind::ApiVersion) continue;
            measure(fmt::format("events {}, first page", row.name),
                    [&](auto&) { return finder_.events({.kind = row.kind}).value().entries.size(); });
            measure(fmt::format("events {}, deep page", row.name), [&](auto& random) {
                return finder_.events({.kind = row.kind, .after = Place{0, random() % newest_}})
                    .value()
                    .entries.size();
            });
        }
    }

    void measure_deploys() const {
        struct Filter {
            const char* name;
            storage::DeployQuery query;
        };
        const std::vector<Filter> filters{
            {"all", {}},
            {"accepted only (1 in 2000)", {.status = DeployStatus::Accepted}},
            {"processed", {.status = DeployStatus::Processed}},
            {"expired (1 in 8000)", {.status = DeployStatus::Expired}},
            {"of a busy account", {.account = BlockEvents::busy_account()}},
            {"of an account", {.account = BlockEvents::account_of(1)}},
            {"of a busy account, accepted only",
             {.account = BlockEvents::busy_account(), .status = DeployStatus::Accepted}},
            {"of a busy account, expired",
             {.account = BlockEvents::busy_account(), .status = DeployStatus::Expired}}};
        for (const auto& [name, query] : filters) {
            measure(fmt::format("deploys, {}, deep page", name), [&, q = query](auto& random) mutable {
                q.after = Place{0, random() % newest_};
                return finder_.deploys(q).value().entries.size();
            });
        }
        measure("deploys of a block", [&](auto& random) {
            const auto block = BlockEvents::block_hash(random() % blocks_);
            storage::DeployQuery query;
            query.block_hash = block;
            return finder_.deploys(query).value().entries.size();
        });
    }

  private:
    static std::size_t one(const base::Result<std::optional<storage::FoundEvent>>& found) {
        if (!found.value()) throw std::runtime_error("an event is missing");
        return 1;
    }
    [[nodiscard]] base::KeyBytes a_deploy(std::mt19937_64& random) const {
        return BlockEvents::deploy_hash(random() % (blocks_ * BlockEvents::kDeploysPerBlock));
    }

    const EventFinder& finder_;
    const std::uint64_t blocks_;
    const base::EventId newest_;
};

int run(const perf::Database& database) {
    base::Metrics metrics;
    const auto log = perf::open(database, metrics);
    if (log->range().empty()) fill(*log, database.millions);
    const auto newest = log->finder().newest_block().value();
    if (!newest) throw std::runtime_error("the log was not made by find_bench");
    const Queries queries(log->finder(), *newest->height + 1, log->range().newest());
    std::cout << log->range().newest() << " events, " << *newest->height + 1 << " blocks; pages of 10 entries"
              << std::endl;
    queries.measure_lookups();
    queries.measure_blocks();
    queries.measure_events();
    queries.measure_deploys();
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    const auto database = perf::parse_database({argv + 1, argv + argc}, 2);
    if (database) return run(*database);
    std::cerr << "usage: find_bench " << perf::kDatabaseArguments << "\n";
    return EXIT_FAILURE;
}
