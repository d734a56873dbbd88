#include "admin/node_reports.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <mutex>
#include <optional>
#include <utility>

#include "base/as_tuple.h"

namespace admin {

namespace asio = boost::asio;

namespace {

using Clock = std::chrono::steady_clock;

/// Lives in the coroutine that asks.
struct Question {
    explicit Question(const asio::any_io_executor& executor) : answered(executor) {}

    asio::steady_timer answered;  ///< ends when the answer is there
    NodeReports::Reports reports;
};

}  // namespace

struct NodeReports::State {
    mutable std::mutex mutex;  // guards the following
    Reports last = std::make_shared<const std::vector<upstream::NodeReport>>();
    std::optional<Clock::time_point> asked;  ///< the oldest question that waits
    bool late = false;

    void answered(Reports reports) {
        const std::lock_guard lock(mutex);
        last = std::move(reports);
        asked.reset();
        late = false;
    }
    void timed_out() {
        const std::lock_guard lock(mutex);
        late = asked.has_value();
    }
    /// False: it is no use to wait.
    bool begin(std::chrono::milliseconds patience) {
        const std::lock_guard lock(mutex);
        const auto now = Clock::now();
        if (asked && late && now - *asked >= patience) return false;
        if (!asked) asked = now;
        return true;
    }
};

NodeReports::NodeReports(upstream::Steering& steering)
    : steering_(steering), state_(std::make_shared<State>()) {}

asio::awaitable<NodeReports::Reports> NodeReports::ask(std::shared_ptr<WayBack> way_back,
                                                       std::chrono::milliseconds patience) {
    if (!state_->begin(patience)) co_return nullptr;
    const auto executor = co_await asio::this_coro::executor;
    const auto question = std::make_shared<Question>(executor);
    question->answered.expires_after(patience);
    upstream::Steering::Reports take = [state = state_, way_back, weak = std::weak_ptr<Question>(question)](
                                           std::vector<upstream::NodeReport> nodes) {
        const auto reports = std::make_shared<const std::vector<upstream::NodeReport>>(std::move(nodes));
        state->answered(reports);
        way_back->post([weak, reports] {
            const auto asker = weak.lock();
            if (!asker) return;
            asker->reports = reports;
            asker->answered.cancel();
        });
    };
    steering_.report(std::move(take));
    co_await question->answered.async_wait(base::kAsTuple);
    if (!question->reports) state_->timed_out();
    co_return question->reports;
}

NodeReports::Reports NodeReports::last() const {
    const std::lock_guard lock(state_->mutex);
    return state_->last;
}

bool NodeReports::answers() const {
    const std::lock_guard lock(state_->mutex);
    return !state_->late;
}

}  // namespace admin
