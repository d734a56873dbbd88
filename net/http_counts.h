#pragma once

#include <chrono>
#include <cstddef>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "net/router.h"

namespace net {

/// Counts a server's requests by the rows of its table: the pattern is the label, never a path that a client
/// chose. One thread; a server of several has one for each.
class HttpCounts {
  public:
    using Clock = std::chrono::steady_clock;

    /// What goes to no row of the table.
    static constexpr std::string_view kOther = "other";

    template <std::ranges::input_range Rows>
    HttpCounts(base::Metrics& metrics, std::string server, const Rows& rows)
        : metrics_(&metrics), server_(std::move(server)) {
        for (const Route& row : rows) add(row.pattern);
        add(kOther);
    }

    /// `row` of the table; the number of its rows, or above: none of them.
    void count(std::size_t row, unsigned status, Clock::time_point begun);

  private:
    struct Row {
        std::string_view pattern;
        base::Histogram* seconds = nullptr;  ///< since the first request
        std::vector<std::pair<unsigned, base::Counter*>> statuses;
    };

    void add(std::string_view pattern);
    [[nodiscard]] base::Counter& counter(Row& row, unsigned status);

    base::Metrics* metrics_;
    std::string server_;
    std::vector<Row> rows_;  ///< the last: none of the table
};

}  // namespace net
