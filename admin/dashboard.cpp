#include "admin/dashboard.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>
#include <utility>

#include "admin/dashboard_feed.h"
#include "admin/dashboard_history.h"
#include "admin/dashboard_sampler.h"
#include "admin/dashboard_snapshot.h"
#include "admin/node_json.h"
#include "admin/recent_blocks.h"
#include "base/as_tuple.h"

namespace admin {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using std::chrono::system_clock;

namespace {

constexpr std::chrono::seconds kInterval{1};
/// For the nodes and the database to answer; then what they said last is shown.
constexpr std::chrono::milliseconds kPatience{300};
/// A block is shown at once; its signatures, and the size of the database, at such intervals.
constexpr std::chrono::seconds kSignaturesInterval{3};
constexpr std::chrono::seconds kDiskInterval{10};

DashboardSnapshot::Time now_in_milliseconds() {
    return std::chrono::floor<std::chrono::milliseconds>(system_clock::now());
}

}  // namespace

class Dashboard::Impl {
  public:
    explicit Impl(DashboardSources sources)
        : sources_(std::move(sources)),
          sampler_(sources_.metrics),
          blocks_(sources_.finder),
          feed_id_(sources_.log.feed_id()),
          started_at_(now_in_milliseconds()) {}

    void start(asio::io_context& context) {
        context_ = &context;
        feed_.emplace(context.get_executor(), kMostPages);
        wake_.emplace(context);
        asio::co_spawn(context, run(), asio::detached);
    }

    void stop() {
        reader_.join();
        if (feed_) feed_->stop();
        wake_.reset();
    }

    asio::awaitable<net::Response> state() {
        while (!is_fresh()) {
            ask();
            co_await feed_->next();
        }
        auto response = net::json_response(200, {});
        response.headers.emplace_back("cache-control", "no-store");
        response.body = net::SharedBody{snapshot_, *snapshot_};
        co_return response;
    }

    net::Response events(const net::Request& request) {
        auto greeting = "retry:2000\n\n" + history_frame();
        if (is_fresh()) greeting += event_frame("snapshot", *snapshot_);
        auto body = feed_->open(std::make_shared<const std::string>(std::move(greeting)));
        if (!body) {
            auto message =
                fmt::format("{} dashboards are open; close one, or ask /dashboard/state", kMostPages);
            return net::json_refusal({503, std::move(message), {{"retry-after", "10"}}}, request);
        }
        if (!is_fresh()) ask();
        return {200,
                {{"content-type", "text/event-stream"},
                 {"cache-control", "no-store"},
                 {"x-accel-buffering", "no"}},
                std::move(*body),
                false};
    }

  private:
    [[nodiscard]] bool is_fresh() const { return snapshot_ && made_at_ + kInterval > steady_clock::now(); }

    /// Somebody waits for a snapshot.
    void ask() {
        asked_ = true;
        wake_->cancel();
    }

    asio::awaitable<void> run() {
        auto next = steady_clock::now() + kInterval;
        for (;;) {
            wake_->expires_at(next);
            co_await wake_->async_wait(base::kAsTuple);
            const auto now = steady_clock::now();
            const bool due = now >= next;
            if (due) {
                sample(now);
                next = std::max(next + kInterval, now);
            }
            const bool watched = due && feed_->readers() > 0;
            if (std::exchange(asked_, false) || watched) co_await refresh();
        }
    }

    void sample(steady_clock::time_point now) {
        second_ = sampler_.sample(std::chrono::floor<std::chrono::seconds>(system_clock::now()), now);
        history_.add(second_);
    }

    /// Asks everybody, waits for the answers, and publishes.
    asio::awaitable<void> refresh() {
        const auto round = ++round_;
        awaited_ = 0;
        ask_nodes(round);
        ask_readiness(round);
        ask_blocks(round);
        wake_->expires_after(kPatience);
        while (awaited_ > 0 && wake_->expiry() > steady_clock::now()) {
            co_await wake_->async_wait(base::kAsTuple);
        }
        publish();
    }

    /// On the thread of the admin server: an answer of that round is here.
    template <class Take>
    [[nodiscard]] auto answer_to(std::uint64_t round, Take take) {
        ++awaited_;
        return [this, executor = context_->get_executor(), round, take](auto answer) {
            asio::post(executor, [this, round, take, answer = std::move(answer)]() mutable {
                take(std::move(answer));
                if (round != round_ || --awaited_ > 0) return;
                wake_->cancel();
            });
        };
    }

    void ask_nodes(std::uint64_t round) {
        auto take = [this](std::vector<upstream::NodeReport> nodes) { nodes_ = std::move(nodes); };
        sources_.nodes.report(answer_to(round, take));
    }

    void ask_readiness(std::uint64_t round) {
        auto take = [this](Readiness::Reasons reasons) { reasons_ = std::move(reasons); };
        sources_.readiness.check(answer_to(round, take));
    }

    /// How many events there were when the log was read last; none: it was not.
    struct Seen {
        double blocks = -1;
        double signatures = -1;
    };

    struct Stored {
        base::Result<std::vector<RecentBlock>> blocks;
        std::optional<std::uint64_t> database_bytes;
    };

    void ask_blocks(std::uint64_t round) {
        const Seen seen{sampler_.events(base::Kind::BlockAdded),
                        sampler_.events(base::Kind::FinalitySignature)};
        const auto passed = steady_clock::now() - read_at_;
        const bool signatures_due = seen.signatures != seen_.signatures && passed >= kSignaturesInterval;
        const bool due = seen.blocks != seen_.blocks || signatures_due || passed >= kDiskInterval;
        if (reads_blocks_ || !due) return;
        reads_blocks_ = true;
        seen_ = seen;
        read_at_ = steady_clock::now();
        auto take = [this](Stored stored) { take_stored(std::move(stored)); };
        asio::post(reader_, [this, answer = answer_to(round, take)] {
            Stored stored{blocks_.read(), sources_.database_bytes()};
            answer(std::move(stored));
        });
    }

    void take_stored(Stored stored) {
        reads_blocks_ = false;
        database_bytes_ = stored.database_bytes;
        blocks_error_ = stored.blocks ? std::string() : stored.blocks.error().message;
        if (stored.blocks) {
            shown_blocks_ = std::move(*stored.blocks);
        } else {
            seen_ = {};
        }
    }

    void publish() {
        snapshot_ = std::make_shared<const std::string>(line_of(json_of(make_snapshot())));
        made_at_ = steady_clock::now();
        feed_->publish(std::make_shared<const std::string>(event_frame("snapshot", *snapshot_)));
    }

    [[nodiscard]] DashboardSnapshot make_snapshot() {
        if (network_.empty()) network_ = sources_.log.network_name();
        DashboardSnapshot snapshot;
        snapshot.at = now_in_milliseconds();
        snapshot.started_at = started_at_;
        snapshot.version = sources_.version;
        snapshot.network = network_;
        snapshot.feed_id = feed_id_;
        snapshot.range = sources_.log.range();
        snapshot.reasons = reasons_;
        snapshot.nodes = nodes_;
        snapshot.second = second_;
        for (const auto endpoint : base::kEndpoints) {
            const double count = sampler_.subscribers(endpoint);
            snapshot.subscribers[static_cast<std::size_t>(endpoint)] = static_cast<std::uint64_t>(count);
        }
        snapshot.queue_bytes = sources_.queue_bytes();
        snapshot.queue_limit_bytes = sources_.queue_limit_bytes;
        snapshot.database_bytes = database_bytes_;
        snapshot.blocks = shown_blocks_;
        snapshot.blocks_error = blocks_error_;
        snapshot.problems = problems_of(reasons_, nodes_, sources_.problems.list(), snapshot.at);
        return snapshot;
    }

    /// Made once for all who come within a second.
    [[nodiscard]] std::string history_frame() {
        const auto newest = history_.seconds().empty() ? std::chrono::sys_seconds{} : second_.at;
        if (newest != history_made_of_ || history_frame_.empty()) {
            history_frame_ = event_frame("history", line_of(history_.json()));
            history_made_of_ = newest;
        }
        return history_frame_;
    }

    const DashboardSources sources_;
    asio::io_context* context_ = nullptr;
    std::optional<DashboardFeed> feed_;
    std::optional<asio::steady_timer> wake_;

    DashboardSampler sampler_;
    DashboardHistory history_;
    Second second_;
    std::string history_frame_;
    std::chrono::sys_seconds history_made_of_{};

    RecentBlocks blocks_;  ///< the reader's alone
    asio::thread_pool reader_{1};
    bool reads_blocks_ = false;
    Seen seen_;
    steady_clock::time_point read_at_{};

    bool asked_ = false;
    std::uint64_t round_ = 0;  ///< of asking everybody
    std::size_t awaited_ = 0;  ///< answers of it that are not here yet
    std::vector<upstream::NodeReport> nodes_;
    Readiness::Reasons reasons_;
    std::vector<RecentBlock> shown_blocks_;
    std::string blocks_error_;
    std::optional<std::uint64_t> database_bytes_;

    const std::string feed_id_;
    std::string network_;  ///< never changes once it is known
    const DashboardSnapshot::Time started_at_;
    std::shared_ptr<const std::string> snapshot_;  ///< JSON
    steady_clock::time_point made_at_{};
};

Dashboard::Dashboard(DashboardSources sources) : impl_(std::make_unique<Impl>(std::move(sources))) {}
Dashboard::~Dashboard() = default;
void Dashboard::start(asio::io_context& context) {
    impl_->start(context);
}
void Dashboard::stop() {
    impl_->stop();
}
asio::awaitable<net::Response> Dashboard::state() {
    return impl_->state();
}
net::Response Dashboard::events(const net::Request& request) {
    return impl_->events(request);
}

}  // namespace admin
