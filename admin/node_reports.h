#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "admin/way_back.h"
#include "upstream/steering.h"

namespace admin {

/// The nodes' reports, for those who must not wait for long: the loop that answers may hang. Any thread.
class NodeReports {
  public:
    using Reports = std::shared_ptr<const std::vector<upstream::NodeReport>>;

    explicit NodeReports(upstream::Steering& steering);

    /// What they are now; none, when no answer came within `patience`. While a former question has waited for
    /// longer than that, it is none at once: who asks every second does not wait every time.
    /// `way_back`: to the io_context that runs the coroutine.
    [[nodiscard]] boost::asio::awaitable<Reports> ask(std::shared_ptr<WayBack> way_back,
                                                      std::chrono::milliseconds patience);

    /// The newest answer that came. Never none, but empty before the first.
    [[nodiscard]] Reports last() const;

    /// Whether the last question was answered in time.
    [[nodiscard]] bool answers() const;

  private:
    struct State;
    upstream::Steering& steering_;
    const std::shared_ptr<State> state_;  ///< what a late answer finds
};

}  // namespace admin
