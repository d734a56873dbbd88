#include "storage/sqlite_event_log.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "storage/checkpointer.h"
#include "storage/event_keys.h"
#include "storage/folder.h"
#include "storage/lock_file.h"
#include "storage/maintenance.h"
#include "storage/payload_stager.h"
#include "storage/pruner.h"
#include "storage/reader_pool.h"
#include "storage/sqlite.h"
#include "storage/sqlite_appender.h"
#include "storage/sqlite_event_finder.h"
#include "storage/sqlite_first_look.h"
#include "storage/sqlite_node_store.h"
#include "storage/sqlite_payloads.h"
#include "storage/sqlite_pruned_tables.h"
#include "storage/sqlite_reader.h"
#include "storage/sqlite_schema.h"
#include "storage/sqlite_writer.h"
#include "storage/sse_index.h"
#include "storage/wal_file.h"

namespace storage {

namespace {

constexpr int kBusyTimeoutMs = 1000;

std::filesystem::path file_of(const SqliteOptions& options) {
    return options.directory / options.file_name;
}

std::uint64_t size_of(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    return error ? 0 : size;
}

std::uint32_t checkpoint_interval(const SqliteOptions& options) {
    return std::clamp<std::uint32_t>(options.wal_autocheckpointing_interval, 1, 1'000'000);
}

// What is asked by REST and what is replayed each has readers of its own: neither waits for the other.
constexpr std::uint32_t kMostOpenFinders = 8;

std::uint32_t finders_of(const SqliteOptions& options) {
    return std::clamp<std::uint32_t>(options.max_connections_in_pool / 2, 1, kMostOpenFinders);
}

std::uint32_t readers_of(const SqliteOptions& options) {
    return std::max<std::uint32_t>(options.max_connections_in_pool, 2) - finders_of(options);
}

void set_up_writer(const SqliteConnection& connection, SqliteOptions::Synchronous synchronous) {
    const bool full = synchronous == SqliteOptions::Synchronous::Full;
    connection.execute(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    // Checkpoints are the maintenance thread's.
    connection.execute(
        "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY");
}

/// Where an empty log begins; an existing one goes on where it is.
void begin_at_sse_index(LogHead& head, const std::filesystem::path& directory, const base::Log& log) {
    if (!head.range.empty()) return;
    const auto next = read_sse_index(directory, log);
    if (!next || *next <= head.range.next) return;
    head.range = {*next, *next};
    log->info("event ids begin at {}, where the Rust sidecar's file sse_index left off", *next);
}

}  // namespace

/// Declared in the order in which the parts need each other; torn down in the opposite one.
class SqliteEventLog::Impl {
  public:
    Impl(const SqliteOptions& options, LockFile lock, SqliteConnection connection, LogHead head,
         base::Log log, base::Metrics& metrics)
        : file_(file_of(options)),
          lock_(std::move(lock)),
          writer_(std::move(connection)),
          feed_id_(head.feed_id),
          start_positions_(load_positions(writer_.connection())),
          keys_(writer_.connection()),
          stager_(std::make_unique<SqlitePayloads>(writer_, keys_), options.compress,
                  [this] { wake_up_.wake(); }),
          appender_(writer_, keys_, stager_, std::move(head), options.compress),
          checkpointer_(file_, writer_, checkpoint_interval(options), [this] { wake_up_.wake(); }),
          wal_file_(file_, writer_, Checkpointer::kLargestWal * checkpoint_interval(options)),
          readers_(file_, readers_of(options)),
          finder_(file_, finders_of(options)),
          nodes_(writer_, readers_, log, [this] { wake_up_.wake(); }),
          oldest_(appender_.head().range.oldest),
          pruner_(std::make_unique<SqlitePrunedTables>(writer_, options.retention.keep_kinds, oldest_),
                  stager_, options.retention, log) {
        publish_head();
        maintenance_.emplace(
            wake_up_, tasks(metrics), [this] { return wal_file_.grow(); }, std::move(log));
    }

    ~Impl() { maintenance_.reset(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] const std::string& feed_id() const { return feed_id_; }
    [[nodiscard]] const Positions& positions() const { return start_positions_; }
    [[nodiscard]] base::ApiVersion api_version() const { return base::ApiVersion::unpacked(api_version_); }

    [[nodiscard]] std::string network_name() const {
        const std::lock_guard lock(network_name_mutex_);
        return network_name_;
    }

    [[nodiscard]] Range range() const {
        // Both only grow, the newest end first: read in this order, the range is one that can have been.
        const auto oldest = oldest_.load();
        return {oldest, next_.load()};
    }

    [[nodiscard]] base::Result<Appended> append(std::span<const base::Event> batch,
                                                std::string_view network_name) {
        try {
            auto appended = appender_.append(batch, network_name);
            if (appended) publish_head();
            return appended;
        } catch (const SqliteFailure& failure) {
            return to_error(failure, file_);
        }
    }

    [[nodiscard]] base::Result<void> begin_at(base::EventId first) {
        const auto begun = appender_.begin_at(first);
        if (!begun) return begun;
        oldest_ = first;
        publish_head();
        return {};
    }

    [[nodiscard]] base::Result<void> flush() {
        try {
            appender_.flush();
            return {};
        } catch (const SqliteFailure& failure) {
            return to_error(failure, file_);
        }
    }

    void stage(std::shared_ptr<const base::Event> event, Staged done) {
        stager_.submit(std::move(event), std::move(done));
    }

    [[nodiscard]] ReaderPool<SqliteReader>& readers() { return readers_; }
    [[nodiscard]] NodeStore& nodes() { return nodes_; }
    [[nodiscard]] const EventFinder& finder() const { return finder_; }

    [[nodiscard]] LogUsage usage() const {
        return {.database_bytes = size_of(file_) + size_of(file_.string() + "-wal"),
                .deleted_events = pruner_.deleted()};
    }

  private:
    using Time = Maintenance::Time;

    /// A task's part; its SqliteFailure in words.
    template <class Task>
    [[nodiscard]] auto guarded(Task&& task) -> base::Result<decltype(task())> {
        try {
            return task();
        } catch (const SqliteFailure& failure) {
            return to_error(failure, file_);
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

    [[nodiscard]] base::Result<void> finish_nodes() {
        try {
            while (nodes_.has_work()) nodes_.step();
            return {};
        } catch (const SqliteFailure& failure) {
            return to_error(failure, file_);
        }
    }

    [[nodiscard]] std::vector<Maintenance::Task> tasks(base::Metrics& metrics) {
        return {{.name = "a checkpoint",
                 .failures = metrics.error("storage", "checkpoint_failed"),
                 .step = [this] { return guarded([this]() -> Time { return checkpointer_.run(); }); }},
                {.name = "storing a node's state",
                 .failures = metrics.error("storage", "node_state_failed"),
                 .step = [this] { return step(nodes_); },
                 .finish = [this] { return finish_nodes(); }},
                {.name = "storing a large payload",
                 .failures = metrics.error("storage", "staging_failed"),
                 .step = [this] { return step(stager_); }},
                {.name = "deleting old events",
                 .failures = metrics.error("storage", "pruning_failed"),
                 .step = [this] { return guarded([this]() -> Time { return pruner_.step(); }); }}};
    }

    void publish_head() {
        const auto& head = appender_.head();
        next_ = head.range.next;
        api_version_ = head.api_version.packed();
        const std::lock_guard lock(network_name_mutex_);
        network_name_ = head.network_name;
    }

    std::filesystem::path file_;
    LockFile lock_;
    WakeUp wake_up_;
    SqliteWriter writer_;
    std::string feed_id_;
    Positions start_positions_;
    EventKeys keys_;
    PayloadStager stager_;
    SqliteAppender appender_;
    Checkpointer checkpointer_;
    WalFile wal_file_;
    ReaderPool<SqliteReader> readers_;
    SqliteEventFinder finder_;
    SqliteNodeStore nodes_;

    std::atomic<base::EventId> oldest_;  ///< the pruner moves it on
    Pruner pruner_;
    std::atomic<base::EventId> next_{1};
    std::atomic<std::int64_t> api_version_{0};
    mutable std::mutex network_name_mutex_;
    std::string network_name_;

    std::optional<Maintenance> maintenance_;
};

base::Result<std::unique_ptr<SqliteEventLog>> SqliteEventLog::open(const SqliteOptions& options,
                                                                   base::Log log, base::Metrics& metrics) {
    const auto file = file_of(options);
    if (const auto made = make_folder(options.directory); !made) return made.error();
    if (const auto inspected = inspect_database_file(file); !inspected) return inspected.error();
    auto lock = LockFile::acquire(file.string() + ".lock");
    if (!lock) return lock.error();
    try {
        check_size(file);
        SqliteConnection connection(file, SqliteConnection::Mode::ReadWriteCreate);
        connection.busy_timeout(kBusyTimeoutMs);
        if (const auto prepared = prepare_schema(connection, file); !prepared) return prepared.error();
        set_up_writer(connection, options.synchronous);
        LogHead head = load_head(connection);
        if (const auto checked = check_newest(file, connection, head); !checked) return checked.error();
        begin_at_sse_index(head, options.directory, log);
        auto impl = std::make_unique<Impl>(options, std::move(*lock), std::move(connection), std::move(head),
                                           std::move(log), metrics);
        return std::unique_ptr<SqliteEventLog>(new SqliteEventLog(std::move(impl)));
    } catch (const SqliteFailure& failure) {
        return to_opening_error(failure, file);
    }
}

SqliteEventLog::SqliteEventLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteEventLog::~SqliteEventLog() = default;

std::string SqliteEventLog::feed_id() const {
    return impl_->feed_id();
}
std::string SqliteEventLog::network_name() const {
    return impl_->network_name();
}
base::ApiVersion SqliteEventLog::api_version() const {
    return impl_->api_version();
}
Range SqliteEventLog::range() const {
    return impl_->range();
}
base::Result<void> SqliteEventLog::begin_at(base::EventId first) {
    return impl_->begin_at(first);
}
void SqliteEventLog::watch(std::function<void()> /*grown*/) {}
NodeStore& SqliteEventLog::nodes() {
    return impl_->nodes();
}
const EventFinder& SqliteEventLog::finder() const {
    return impl_->finder();
}
LogUsage SqliteEventLog::usage() const {
    return impl_->usage();
}
Positions SqliteEventLog::positions() const {
    return impl_->positions();
}

base::Result<Appended> SqliteEventLog::append(std::span<const base::Event> batch,
                                              std::string_view network_name) {
    return impl_->append(batch, network_name);
}

base::Result<void> SqliteEventLog::flush() {
    return impl_->flush();
}

void SqliteEventLog::stage(std::shared_ptr<const base::Event> event, Staged done) {
    impl_->stage(std::move(event), std::move(done));
}

base::Result<Page> SqliteEventLog::read(const ReadRequest& request) const {
    return impl_->readers().read([&](SqliteReader& reader) { return reader.read(request); });
}

base::Result<std::vector<StoredEvent>> SqliteEventLog::read_newest(std::size_t max_events,
                                                                   std::size_t max_bytes) const {
    return impl_->readers().read(
        [&](SqliteReader& reader) { return reader.read_newest(max_events, max_bytes); });
}

}  // namespace storage
