#include "net/http_counts.h"

#include <algorithm>

namespace net {

void HttpCounts::add(std::string_view pattern) {
    auto& row = rows_.emplace_back(Row{.pattern = pattern, .statuses = {}});
    if (pattern == kOther) row.seconds = &metrics_->http_request_seconds(server_, pattern);
    (void)counter(row, pattern == kOther ? 404 : 200);
}

base::Counter& HttpCounts::counter(Row& row, unsigned status) {
    const auto found = std::ranges::find(row.statuses, status, &std::pair<unsigned, base::Counter*>::first);
    if (found != row.statuses.end()) return *found->second;
    auto& made = metrics_->http_requests(server_, row.pattern, status);
    row.statuses.emplace_back(status, &made);
    return made;
}

void HttpCounts::count(std::size_t row, unsigned status, Clock::time_point begun) {
    auto& counted = rows_[std::min(row, rows_.size() - 1)];
    counter(counted, status).Increment();
    if (counted.seconds == nullptr)
        counted.seconds = &metrics_->http_request_seconds(server_, counted.pattern);
    counted.seconds->observe(std::chrono::duration<double>(Clock::now() - begun).count());
}

}  // namespace net
