#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <string_view>
#include <vector>

#include "storage/event_log.h"

namespace perf {

/// An append that must succeed: its seconds.
inline double append(storage::EventLog& log, const base::EventBatch& batch) {
    const auto begin = std::chrono::steady_clock::now();
    log.append(batch, "casper").value();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

inline void print_latencies(std::string_view what, std::vector<double> latencies) {
    if (latencies.empty()) return;
    std::ranges::sort(latencies);
    const auto at = [&](double quantile) {
        const auto index = static_cast<std::size_t>(quantile * static_cast<double>(latencies.size() - 1));
        return 1000 * latencies[index];
    };
    std::cout << what << ": " << latencies.size() << " calls, p50 " << at(0.5) << " ms, p99 " << at(0.99)
              << " ms, longest " << at(1) << " ms" << std::endl;
}

}  // namespace perf
