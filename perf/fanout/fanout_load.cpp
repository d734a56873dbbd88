// fanout_load: many subscribers of one event stream, and what it costs the server.
//
// Connects, waits until the stream runs, measures for a time, prints one line of JSON. The latency is taken
// from "sent_at_ns" in the payload (casper-node-sim --stamp); without it there is none.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include "load.h"
#include "process_usage.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kParts = 10;

struct Arguments {
    perf::LoadOptions load;
    double warm_up = 2;
    double seconds = 10;
    double patience = 30;
    pid_t process = 0;
};

void sleep(double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

void raise_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/// False: nothing comes.
bool await_events(const perf::Load& load, double patience) {
    const auto end = Clock::now() + std::chrono::duration<double>(patience);
    while (load.counts().fewest == 0) {
        if (Clock::now() > end) return false;
        sleep(0.05);
    }
    return true;
}

nlohmann::json percentiles(const std::vector<double>& ascending) {
    if (ascending.empty()) return nullptr;
    const auto at = [&](double quantile) {
        return ascending[static_cast<std::size_t>(quantile * static_cast<double>(ascending.size() - 1))];
    };
    return {{"samples", ascending.size()}, {"p50", at(0.5)},  {"p90", at(0.9)}, {"p99", at(0.99)},
            {"p999", at(0.999)},           {"longest", at(1)}};
}

std::vector<double> ascending(std::span<const perf::Latency> samples) {
    std::vector<double> latencies;
    for (const auto& sample : samples) latencies.push_back(sample.milliseconds);
    std::ranges::sort(latencies);
    return latencies;
}

/// Of as many samples each, in the order of time: whether it drifts.
std::vector<nlohmann::json> p99_by_part(std::span<const perf::Latency> samples) {
    std::vector<nlohmann::json> parts;
    for (std::size_t part = 0; part < kParts; ++part) {
        const auto begin = samples.size() * part / kParts;
        const auto end = samples.size() * (part + 1) / kParts;
        const auto latencies = percentiles(ascending(samples.subspan(begin, end - begin)));
        parts.push_back(latencies.is_null() ? latencies : latencies["p99"]);
    }
    return parts;
}

int run(const Arguments& arguments) {
    raise_descriptors();
    const auto usage = [&]() -> std::optional<perf::ProcessUsage> {
        if (arguments.process == 0) return std::nullopt;
        return perf::ProcessUsage::of(arguments.process);
    };
    const auto before = usage();
    perf::Load load(arguments.load);
    if (!await_events(load, arguments.patience)) {
        const auto counts = load.counts();
        std::cerr << "fanout_load: no event came to every reader in " << arguments.patience << " s; "
                  << counts.events << " came to others, " << counts.cut_off << " streams were ended\n";
        return EXIT_FAILURE;
    }
    sleep(arguments.warm_up);
    load.begin_sampling();
    const auto begin = Clock::now();
    const auto first = load.counts();
    const auto used_first = usage();
    std::vector<std::uint64_t> memory;
    for (int part = 0; part < kParts; ++part) {
        sleep(arguments.seconds / kParts);
        if (const auto now = usage()) memory.push_back(now->memory_bytes);
    }
    const auto last = load.counts();
    const auto used_last = usage();
    const double took = std::chrono::duration<double>(Clock::now() - begin).count();
    auto samples = load.finish();
    std::ranges::sort(samples, {}, &perf::Latency::at);

    const auto events = last.events - first.events;
    nlohmann::json result = {
        {"readers", arguments.load.readers},
        {"silent", arguments.load.silent},
        {"seconds", took},
        {"delivered", events},
        {"delivered_per_second", static_cast<double>(events) / took},
        {"bytes_per_event", static_cast<double>(last.bytes - first.bytes) /
                                static_cast<double>(std::max<std::uint64_t>(events, 1))},
        {"missing", last.missing},
        {"misplaced", last.misplaced},
        {"cut_off", last.cut_off},
        {"reconnects", last.reconnects},
        {"spread", last.most - last.fewest},
        {"latency_ms", percentiles(ascending(samples))},
        {"p99_ms_by_tenth", p99_by_part(samples)},
    };
    if (used_first) {
        const double cpu = used_last->cpu_seconds - used_first->cpu_seconds;
        const auto subscribers = arguments.load.readers + arguments.load.silent;
        const auto grown =
            static_cast<double>(used_last->memory_bytes) - static_cast<double>(before->memory_bytes);
        result["server"] = {
            {"cpu_seconds", cpu},
            {"cores", cpu / took},
            {"cpu_us_per_event", 1e6 * cpu / static_cast<double>(std::max<std::uint64_t>(events, 1))},
            {"memory_bytes", used_last->memory_bytes},
            {"memory_bytes_by_tenth", memory},
            {"memory_per_subscriber", grown / static_cast<double>(subscribers)}};
    }
    std::cout << result.dump() << std::endl;
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app("fanout_load: many subscribers of one event stream, and what it costs the server");
    app.add_option("--port", arguments.load.port, "of the server, on 127.0.0.1")->required();
    app.add_option("--path", arguments.load.path, "of the stream")->capture_default_str();
    app.add_option("--accept", arguments.load.accept, "the Accept header")->capture_default_str();
    app.add_option("--readers", arguments.load.readers, "subscribers that read")->capture_default_str();
    app.add_option("--silent", arguments.load.silent, "further ones that never read")->capture_default_str();
    app.add_option("--reconnecting", arguments.load.reconnecting, "readers that leave and come back")
        ->capture_default_str();
    app.add_option("--reconnect-every", arguments.load.reconnect_every, "seconds")->capture_default_str();
    app.add_option("--threads", arguments.load.threads, "that read")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_flag("--dense-ids", arguments.load.dense_ids, "an id that is skipped is a loss");
    app.add_option("--sample", arguments.load.sample, "take the latency of one event in so many")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--gzip", arguments.load.gzip,
                   "all ask for gzip; one reader in so many inflates what it gets, the others count bytes")
        ->capture_default_str();
    app.add_option("--warm-up", arguments.warm_up, "seconds before the measurement")->capture_default_str();
    app.add_option("--seconds", arguments.seconds, "of the measurement")->capture_default_str();
    app.add_option("--patience", arguments.patience, "seconds to wait for the first event")
        ->capture_default_str();
    app.add_option("--pid", arguments.process, "the server's, for its CPU time and memory");
    CLI11_PARSE(app, argc, argv);
    try {
        return run(arguments);
    } catch (const std::exception& error) {
        std::cerr << "fanout_load: " << error.what() << "\n";
        return EXIT_FAILURE;
    }
}
