#include "storage/postgresql_event_log.h"

#include <atomic>
#include <fmt/format.h>
#include <optional>
#include <thread>
#include <utility>

#include "storage/first_id.h"
#include "storage/maintenance.h"
#include "storage/payload_stager.h"
#include "storage/postgresql.h"
#include "storage/postgresql_appender.h"
#include "storage/postgresql_event_finder.h"
#include "storage/postgresql_head.h"
#include "storage/postgresql_listener.h"
#include "storage/postgresql_node_store.h"
#include "storage/postgresql_payloads.h"
#include "storage/postgresql_pool.h"
#include "storage/postgresql_pruned_tables.h"
#include "storage/postgresql_reader.h"
#include "storage/postgresql_schema.h"
#include "storage/pruner.h"
#include "storage/sse_index.h"

namespace storage {

namespace {

using namespace std::chrono_literals;

/// Longer than the server's own time-outs, so that a server that runs is asked no less than it answers.
constexpr auto kAppendPatience = 12s;

/// How long a name may still be held by a process that was killed a moment ago.
constexpr auto kClaimPatience = 5s;
constexpr auto kClaimPause = 100ms;

const PostgresqlStatement kDatabaseSize{"database_size", "SELECT pg_database_size(current_database())"};
constexpr auto kBetweenMeasurements = 15s;

// With fewer connections all share a pool, and nothing is listened to.
constexpr std::size_t kFewestForOwn = 4;
constexpr std::size_t kOwn = 3;  // the publisher's, the maintenance thread's, the listener's

// What is asked by REST and what is replayed each has connections of its own: neither waits for the other.
// With one that is left, they share it.
constexpr std::size_t kMostFinders = 8;

std::size_t finders_of(const PostgresqlOptions& options) {
    if (options.max_connections_in_pool < kOwn + 2) return 0;
    return std::min((options.max_connections_in_pool - kOwn) / 2, kMostFinders);
}

std::size_t readers_of(const PostgresqlOptions& options) {
    if (options.max_connections_in_pool < kFewestForOwn)
        return std::max<std::size_t>(options.max_connections_in_pool, 1);
    return options.max_connections_in_pool - kOwn - finders_of(options);
}

const PostgresqlOptions& database_of(const Options& options) {
    return std::get<PostgresqlOptions>(options.database);
}

bool claim_with_patience(PostgresqlConnection& connection, std::int64_t instance) {
    const auto deadline = std::chrono::steady_clock::now() + kClaimPatience;
    while (!claim_instance(connection, instance)) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(kClaimPause);
    }
    return true;
}

/// What a connection finds before the log is opened.
struct Found {
    std::int64_t instance = 0;
    std::string feed_id;
    Positions positions;
    PostgresqlHead head;
};

Found find(PostgresqlConnection& connection, const Options& options, const base::Log& log) {
    Found found;
    found.instance = instance_number(connection, options.instance_name);
    if (const auto next = read_sse_index(options.storage_path, log); next && begin_at(connection, *next))
        log->info("event ids begin at {}, where the Rust sidecar's file sse_index left off", *next);
    found.feed_id = load_feed_id(connection);
    found.positions = load_positions(connection, found.instance);
    found.head = load_head(connection);
    return found;
}

}  // namespace

/// Declared in the order in which the parts need each other; torn down in the opposite one.
class PostgresqlEventLog::Impl {
  public:
    Impl(const Options& options, std::unique_ptr<Deadlines> deadlines,
         std::unique_ptr<PostgresqlConnection> connection, Found found, const base::Log& log,
         base::Metrics& metrics)
        : deadlines_(std::move(deadlines)),
          options_(database_of(options)),
          feed_id_(std::move(found.feed_id)),
          start_positions_(std::move(found.positions)),
          head_(std::move(found.head)),
          readers_(make_pool(readers_of(options_))),
          publisher_pool_(own_pool()),
          maintenance_pool_(own_pool()),
          stager_(std::make_unique<PostgresqlPayloads>(*maintenance_pool_, found.instance), packs(options),
                  [this] { wake_up_.wake(); }),
          appender_(*publisher_pool_, stager_, head_, found.instance, packs(options)),
          finder_(finders_of(options_) == 0 ? readers_ : make_pool(finders_of(options_)), found.instance),
          nodes_(*maintenance_pool_, *readers_, found.instance, log, [this] { wake_up_.wake(); }),
          pruner_(make_pruner(options.retention.value_or(RetentionOptions{}), found.instance, log)),
          maintenance_(wake_up_, tasks(metrics), {}, log),
          listener_(*readers_, *deadlines_, shares() ? nullptr : std::move(connection), head_, found.instance,
                    log),
          reader_(*readers_, head_, found.instance, [this] { listener_.wake(); }) {}

    [[nodiscard]] const std::string& feed_id() const { return feed_id_; }
    [[nodiscard]] const Positions& positions() const { return start_positions_; }
    [[nodiscard]] PostgresqlHead head() const { return head_.get(); }
    [[nodiscard]] Range range() const { return head_.range(); }
    [[nodiscard]] LogUsage usage() const {
        return {.database_bytes = database_bytes_, .deleted_events = pruner_.deleted()};
    }
    [[nodiscard]] const PostgresqlReader& reader() const { return reader_; }
    [[nodiscard]] NodeStore& nodes() { return nodes_; }
    [[nodiscard]] const EventFinder& finder() const { return finder_; }
    void watch(std::function<void()> grown) { listener_.watch(std::move(grown)); }

    [[nodiscard]] base::Result<Appended> append(std::span<const base::Event> batch,
                                                std::string_view network_name) {
        return guarded([&] { return appender_.append(batch, network_name); });
    }
    [[nodiscard]] base::Result<void> begin_at(base::EventId first) {
        const auto begun = guarded([&] {
            return publisher_pool_->use(
                [&](PostgresqlPool::Session& session) { return begin_anywhere(session.connection, first); });
        });
        if (!begun) return begun.error();
        if (!*begun) return already_begun();
        head_.begin_at(first);
        return {};
    }
    [[nodiscard]] base::Result<void> flush() {
        return guarded_void([&] { appender_.flush(); });
    }
    void stage(std::shared_ptr<const base::Event> event, Staged done) {
        stager_.submit(std::move(event), std::move(done));
    }

  private:
    using Time = Maintenance::Time;

    [[nodiscard]] static bool packs(const Options& options) {
        return options.compression == Options::Compression::Zstd;
    }
    [[nodiscard]] bool shares() const { return options_.max_connections_in_pool < kFewestForOwn; }
    [[nodiscard]] std::shared_ptr<PostgresqlPool> make_pool(std::size_t most) {
        return std::make_shared<PostgresqlPool>(options_, *deadlines_, most);
    }
    [[nodiscard]] std::shared_ptr<PostgresqlPool> own_pool() { return shares() ? readers_ : make_pool(1); }

    [[nodiscard]] Pruner make_pruner(const RetentionOptions& retention, std::int64_t instance,
                                     const base::Log& log) {
        auto tables = std::make_unique<PostgresqlPrunedTables>(*maintenance_pool_, head_, instance,
                                                               retention.keep_kinds);
        return {std::move(tables), stager_, retention, log};
    }

    /// A call; its PostgresqlFailure in words.
    template <class Call>
    [[nodiscard]] auto guarded(Call&& call) -> base::Result<decltype(call())> {
        try {
            return call();
        } catch (const PostgresqlFailure& failure) {
            return to_error(failure, options_);
        }
    }
    template <class Call>
    [[nodiscard]] base::Result<void> guarded_void(Call&& call) {
        try {
            call();
            return {};
        } catch (const PostgresqlFailure& failure) {
            return to_error(failure, options_);
        }
    }

    /// Calls again at once while there is work.
    template <class Worker>
    [[nodiscard]] base::Result<Time> step(Worker& worker) {
        return guarded([&]() -> Time {
            if (!worker.has_work()) return std::nullopt;
            worker.step();
            return WakeUp::Clock::now();
        });
    }

    [[nodiscard]] base::Result<Time> measure() {
        return guarded([&]() -> Time {
            const auto now = WakeUp::Clock::now();
            if (now < next_measurement_) return next_measurement_;
            maintenance_pool_->use([&](PostgresqlPool::Session& session) {
                database_bytes_ = session.connection.execute(kDatabaseSize)[0][0].as<std::uint64_t>();
            });
            next_measurement_ = now + kBetweenMeasurements;
            return next_measurement_;
        });
    }

    [[nodiscard]] std::vector<Maintenance::Task> tasks(base::Metrics& metrics) {
        return {{.name = "storing a node's state",
                 .failures = metrics.error("storage", "node_state_failed"),
                 .step = [this] { return step(nodes_); },
                 .finish =
                     [this] {
                         return guarded_void([this] {
                             while (nodes_.has_work()) nodes_.step();
                         });
                     }},
                {.name = "storing a large payload",
                 .failures = metrics.error("storage", "staging_failed"),
                 .step = [this] { return step(stager_); }},
                {.name = "deleting old events",
                 .failures = metrics.error("storage", "pruning_failed"),
                 .step = [this] { return guarded([this]() -> Time { return pruner_.step(); }); }},
                {.name = "measuring the database",
                 .failures = metrics.error("storage", "measuring_failed"),
                 .step = [this] { return measure(); }}};
    }

    std::unique_ptr<Deadlines> deadlines_;
    const PostgresqlOptions options_;
    const std::string feed_id_;
    const Positions start_positions_;
    KnownHead head_;
    WakeUp wake_up_;
    std::shared_ptr<PostgresqlPool> readers_;
    std::shared_ptr<PostgresqlPool> publisher_pool_;
    std::shared_ptr<PostgresqlPool> maintenance_pool_;
    PayloadStager stager_;
    PostgresqlAppender appender_;
    PostgresqlEventFinder finder_;
    PostgresqlNodeStore nodes_;
    Pruner pruner_;
    std::atomic<std::uint64_t> database_bytes_ = 0;
    WakeUp::Clock::time_point next_measurement_{};
    Maintenance maintenance_;
    PostgresqlListener listener_;
    PostgresqlReader reader_;
};

base::Result<std::unique_ptr<PostgresqlEventLog>> PostgresqlEventLog::open(const Options& options,
                                                                           base::Log log,
                                                                           base::Metrics& metrics) {
    const auto& database = database_of(options);
    try {
        auto deadlines = std::make_unique<Deadlines>(kAppendPatience);
        auto connection = std::make_unique<PostgresqlConnection>(database, *deadlines);
        if (const auto prepared = prepare_schema(*connection, database); !prepared) return prepared.error();
        auto found = find(*connection, options, log);
        if (!claim_with_patience(*connection, found.instance)) {
            return base::invalid(fmt::format(
                "{}: another sidecar runs as \"{}\"; give each an instance_name of its own in [storage]",
                describe(database), options.instance_name));
        }
        log->info("events are kept in {}, as instance \"{}\"", describe(database), options.instance_name);
        auto impl = std::make_unique<Impl>(options, std::move(deadlines), std::move(connection),
                                           std::move(found), log, metrics);
        return std::unique_ptr<PostgresqlEventLog>(new PostgresqlEventLog(std::move(impl)));
    } catch (const PostgresqlFailure& failure) {
        return to_error(failure, database);
    }
}

PostgresqlEventLog::PostgresqlEventLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PostgresqlEventLog::~PostgresqlEventLog() = default;

std::string PostgresqlEventLog::feed_id() const {
    return impl_->feed_id();
}
std::string PostgresqlEventLog::network_name() const {
    return impl_->head().network_name;
}
base::ApiVersion PostgresqlEventLog::api_version() const {
    return impl_->head().api_version;
}
Range PostgresqlEventLog::range() const {
    return impl_->range();
}
base::Result<void> PostgresqlEventLog::begin_at(base::EventId first) {
    if (const auto checked = check_first_id(first); !checked) return checked;
    return impl_->begin_at(first);
}
void PostgresqlEventLog::watch(std::function<void()> grown) {
    impl_->watch(std::move(grown));
}
NodeStore& PostgresqlEventLog::nodes() {
    return impl_->nodes();
}
const EventFinder& PostgresqlEventLog::finder() const {
    return impl_->finder();
}
LogUsage PostgresqlEventLog::usage() const {
    return impl_->usage();
}
Positions PostgresqlEventLog::positions() const {
    return impl_->positions();
}

base::Result<Appended> PostgresqlEventLog::append(std::span<const base::Event> batch,
                                                  std::string_view network_name) {
    return impl_->append(batch, network_name);
}

base::Result<void> PostgresqlEventLog::flush() {
    return impl_->flush();
}

void PostgresqlEventLog::stage(std::shared_ptr<const base::Event> event, Staged done) {
    impl_->stage(std::move(event), std::move(done));
}

base::Result<Page> PostgresqlEventLog::read(const ReadRequest& request) const {
    return impl_->reader().read(request);
}

base::Result<std::vector<StoredEvent>> PostgresqlEventLog::read_newest(std::size_t max_events,
                                                                       std::size_t max_bytes) const {
    return impl_->reader().read_newest(max_events, max_bytes);
}

}  // namespace storage
