#include "server/application.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fmt/format.h>
#include <future>
#include <optional>
#include <random>
#include <thread>

#include "admin/admin_server.h"
#include "admin/control_socket.h"
#include "admin/dashboard.h"
#include "admin/node_reports.h"
#include "admin/readiness.h"
#include "base/event_queue.h"
#include "base/named_thread.h"
#include "base/process_samples.h"
#include "base/recent_problems.h"
#include "rest/rest_server.h"
#include "server/admin_wiring.h"
#include "server/connection_config.h"
#include "server/control_path.h"
#include "server/loop_watch.h"
#include "server/node_wiring.h"
#include "server/preflight.h"
#include "server/readiness_wiring.h"
#include "server/service_manager.h"
#include "server/sidecar_samples.h"
#include "server/stream_wiring.h"
#include "storage/event_finder.h"
#include "storage/node_store.h"
#include "storage/open_log.h"
#include "stream/publisher.h"
#include "stream/stream_server.h"
#include "tls/server_context.h"
#include "upstream/upstream.h"

namespace server {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kQueueBytes = std::size_t{32} << 20;
constexpr std::chrono::seconds kStopPatience{5};
constexpr std::chrono::seconds kNodesPatience{3};

base::Batch own_shutdown() {
    base::Event event;
    event.kind = base::Kind::Shutdown;
    event.filter = base::Filter::Sidecar;
    event.payload = "\"Shutdown\"";
    std::random_device random;
    std::generate_n(std::back_inserter(event.key.first), 16,
                    [&] { return static_cast<std::uint8_t>(random()); });
    base::Batch batch;
    batch.events.push_back(std::move(event));
    return batch;
}

}  // namespace

/// In the order of the data's way; destroyed from the end.
class Application::Parts {
  public:
    Parts(Config config, Reload reload, std::string version, base::Log lines)
        : config_(std::move(config)),
          reload_(std::move(reload)),
          version_(std::move(version)),
          lines_(std::move(lines)),
          problems_(base::RecentProblems::attached_to(*lines_)) {}

    base::Result<void> open() {
        auto log = storage::open_log(config_.storage, lines_, metrics_);
        if (!log) return log.error();
        log_ = std::move(*log);
        if (auto checked = check_network(); !checked) return checked;

        if (config_.tls) {
            auto tls = tls::ServerContext::load(*config_.tls, lines_);
            if (!tls) return tls.error();
            tls_ = std::move(*tls);
        }
        auto streams =
            stream::StreamServer::open(config_.event_stream_server, *log_, version_, lines_, metrics_, tls_);
        if (!streams) return streams.error();
        streams_ = std::move(*streams);

        auto rest = rest::RestServer::open(config_.rest_server, source_of_queries(), version_, lines_,
                                           metrics_, tls_);
        if (!rest) return rest.error();
        rest_ = std::move(*rest);

        publisher_ = std::make_unique<stream::Publisher>(
            *log_, queue_, streams_->next(),
            [this](const stream::PublicationPtr& publication) { streams_->publish(publication); },
            [this](const base::Error& error) { fail(error.message); }, lines_, metrics_);
        upstream_ =
            std::make_unique<upstream::Upstream>(nodes_, config_.connections, upstream_dependencies());

        if (auto begun = begin_at_newest_block(); !begun) return begun;
        const auto max_block_age = config_.admin_server.value_or(admin::Options{}).ready_max_block_age;
        readiness_.emplace(*upstream_, readiness_sources(*publisher_, *streams_, max_block_age,
                                                         [this] { return stopping_.load(); }));
        node_reports_.emplace(*upstream_);
        commands_.emplace(*upstream_, log_->nodes(), parse_connection);
        auto control = admin::ControlSocket::open({.path = control_socket_path(config_)}, service_,
                                                  *commands_, *readiness_, lines_);
        if (!control) return control.error();
        control_ = std::move(*control);
        return open_admin();
    }

    int run() {
        describe();
        signals_.emplace(service_, SIGINT, SIGTERM);
        signals_->async_wait([this](error_code error, int) {
            if (!error) finish(0);
        });
        hangup_.emplace(service_, SIGHUP);
        await_hangup();
        publisher_->start();
        streams_->start();
        rest_->start();
        if (admin_) {
            dashboard_->start(admin_->context());
            admin_->start();
        }
        asio::post(nodes_, [this] { upstream_->start(); });
        node_thread_ = base::named_thread("nodes", [this] {
            nodes_.run();
            nodes_done_.set_value();
        });
        watch_loops();
        manager_.ready();

        service_.run();
        stop();
        return exit_code_;
    }

  private:
    base::Result<void> open_admin() {
        if (!config_.admin_server) return {};
        metrics_.add(base::process_sampler());
        metrics_.add(sidecar_sampler({.version = version_,
                                      .queue = queue_,
                                      .log = *log_,
                                      .streams = *streams_,
                                      .publisher = *publisher_,
                                      .nodes = *node_reports_,
                                      .readiness = *readiness_}));
        const admin::StuckLoops stuck_loops = [this] { return watch_.stuck(); };
        dashboard_.emplace(sources_of_dashboard());
        stream_wiring_.emplace(*streams_);
        auto routes = admin_routes({.metrics = metrics_,
                                    .node_reports = *node_reports_,
                                    .readiness = *readiness_,
                                    .stuck_loops = stuck_loops,
                                    .dashboard = *dashboard_,
                                    .nodes = *commands_,
                                    .streams = *stream_wiring_,
                                    .lines = lines_});
        auto admin =
            admin::AdminServer::open(*config_.admin_server, std::move(routes), lines_, metrics_, tls_);
        if (!admin) return admin.error();
        admin_ = std::move(*admin);
        return {};
    }

    admin::DashboardSources sources_of_dashboard() {
        return {.version = version_,
                .log = *log_,
                .finder = log_->finder(),
                .nodes = *upstream_,
                .readiness = *readiness_,
                .metrics = metrics_,
                .problems = *problems_,
                .queue_bytes = [this] { return queue_.cost(); },
                .queue_limit_bytes = kQueueBytes,
                .database_bytes = [this] { return database_bytes(); }};
    }

    /// Not known before a server was asked. Any thread.
    std::optional<std::uint64_t> database_bytes() const {
        const auto bytes = log_->usage().database_bytes;
        return bytes > 0 ? std::optional(bytes) : std::nullopt;
    }

    base::Result<void> check_network() const {
        const auto& configured = config_.storage.network_name;
        const auto stored = log_->network_name();
        if (!configured || stored.empty() || *configured == stored) return {};
        return base::invalid(fmt::format(
            "storage.network_name is \"{}\", but the log holds events of \"{}\"; correct the name or choose "
            "another database",
            *configured, stored));
    }

    rest::Source source_of_queries() const {
        const bool is_file = std::holds_alternative<storage::SqliteOptions>(config_.storage.database);
        return {.finder = log_->finder(),
                .log = *log_,
                .place = is_file ? rest::Source::Place::File : rest::Source::Place::Server};
    }

    upstream::Dependencies upstream_dependencies() {
        const std::string stored = log_->network_name();
        return {
            .log = lines_,
            .metrics = metrics_,
            .queue = queue_,
            .stage_payload =
                [this](std::shared_ptr<const base::Event> event, std::function<void(std::uint64_t)> done) {
                    log_->stage(std::move(event), std::move(done));
                },
            .large_payload = storage::kLargePayload,
            .resume = to_resume_points(log_->positions()),
            .instance_name = config_.storage.instance_name,
            .required_network = stored.empty() ? config_.storage.network_name.value_or("") : stored,
            .log_is_empty = stored.empty(),
            .wishes = to_wishes(log_->nodes().intents(), lines_),
            .save_wish =
                [this](const upstream::NodeWish& wish, std::function<void()> done) {
                    log_->nodes().save(to_intent(wish), std::move(done));
                },
            .gaps = to_gaps(log_->nodes().gaps()),
            .save_gap =
                [this](const upstream::NodeGap& gap, std::function<void()> done) {
                    log_->nodes().save(to_stored(gap), std::move(done));
                },
            .note =
                [this](const upstream::NodeTransition& transition) {
                    log_->nodes().note(to_observation(transition));
                },
            .all_nodes_unavailable = [this] { on_all_nodes_unavailable(); },
            .failed_to_start = [this](const base::Error& error) { fail(error.message); }};
    }

    /// What the log held before tells how old the chain's head is.
    base::Result<void> begin_at_newest_block() {
        const auto newest = log_->finder().newest_block();
        if (!newest) return newest.error();
        if (!*newest || !(*newest)->height) return {};
        publisher_->begin_at_block(*(*newest)->height,
                                   std::chrono::system_clock::time_point((*newest)->received_at));
        return {};
    }

    void watch_loops() {
        watch_.add("nodes", nodes_);
        watch_.add(
            "publisher", [this] { queue_.wake(); }, [this] { return publisher_->last_turn(); });
        const auto shards = streams_->contexts();
        for (std::size_t i = 0; i < shards.size(); ++i)
            watch_.add(fmt::format("shard {}", i + 1), *shards[i]);
        watch_.add("rest", rest_->context());
        if (admin_) watch_.add("admin", admin_->context());
        watch_.start();
    }

    /// For `systemctl status`.
    std::string status_line() const {
        const auto problems = storage_problems(*publisher_);
        return problems.empty() ? fmt::format("the newest event is {}", log_->range().newest())
                                : problems.front();
    }

    void describe() const {
        const auto range = log_->range();
        const auto network = log_->network_name();
        lines_->info("event-sidecar {}: log {} holds {} events (ids {} to {}) of network {}", version_,
                     log_->feed_id(), range.next - range.oldest, range.oldest, range.newest(),
                     network.empty() ? "(none yet)" : network);
        lines_->info(
            "streams are served on {}://{}:{}/events/main, /events/deploys, /events/sigs, /events, "
            "/events/sidecar",
            tls_ ? "https" : "http", config_.event_stream_server.bind_address, streams_->port());
        lines_->info("queries are served on {}://{}:{}, see /swagger-ui/", tls_ ? "https" : "http",
                     config_.rest_server.bind_address, rest_->port());
        if (!admin_) return;
        lines_->info("metrics and the dashboard are served on {}://{}:{}", tls_ ? "https" : "http",
                     config_.admin_server->bind_address, admin_->port());
    }

    void on_all_nodes_unavailable() {
        if (!config_.exit_when_nodes_unavailable) {
            lines_->error(
                "Connected node(s) are unavailable; exit_when_nodes_unavailable = false keeps the sidecar "
                "up");
            return;
        }
        queue_.push(own_shutdown(), 1);
        fail("Connected node(s) are unavailable");
    }

    void await_hangup() {
        hangup_->async_wait([this](error_code error, int) {
            if (error) return;
            manager_.reloading();
            read_again();
            manager_.ready();
            await_hangup();
        });
    }

    void read_again() {
        const auto config = reload_();
        if (!config) {
            lines_->error("SIGHUP: nothing is changed, as the configuration has errors:\n{}",
                          config.error().message);
            return;
        }
        lines_->info("SIGHUP: the nodes{} of the configuration are read again; its other keys need a restart",
                     tls_ ? " and the certificate" : "");
        upstream_->configure(config->connections);
        if (!tls_ || !config->tls) return;
        if (const auto reloaded = tls_->reload(*config->tls); !reloaded) {
            lines_->error("SIGHUP: the certificate stays as it is: {}", reloaded.error().message);
        }
    }

    /// Any thread: the program ends with an error.
    void fail(std::string why) {
        asio::post(service_, [this, why = std::move(why)] {
            lines_->error("{}", why);
            finish(1);
        });
    }

    /// From here on a signal has its default effect: it ends the process at once.
    void finish(int exit_code) {
        exit_code_ = std::max(exit_code_, exit_code);
        stopping_ = true;
        error_code ignored;
        signals_->clear(ignored);
        signals_->cancel(ignored);
        hangup_->cancel(ignored);
        service_.stop();
    }

    /// Against the way of the data: nothing new comes in, what came in is stored, what is stored is sent.
    void stop() {
        lines_->info("stopping");
        manager_.stopping();
        watch_.stop();
        control_->stop();
        streams_->close_door();
        asio::post(nodes_, [this] {
            upstream_->stop();
            nodes_wait_.reset();
        });
        rest_->stop();
        const bool nodes_ended =
            nodes_done_.get_future().wait_for(kNodesPatience) == std::future_status::ready;
        if (nodes_ended) node_thread_.join();
        publisher_->stop();
        streams_->stop(kStopPatience);
        if (admin_) {
            admin_->stop();  // until here it tells that the program stops
            dashboard_->stop();
        }
        commands_.reset();
        lines_->info("stopped; the newest event is {}", log_->range().newest());
        if (!nodes_ended) leave_lookup_behind();
    }

    /// Looking up a host name cannot be interrupted, and its thread cannot be waited for.
    [[noreturn]] void leave_lookup_behind() {
        lines_->warn("the lookup of a node's host name does not end; ending without it");
        lines_->flush();
        log_.reset();
        std::_Exit(exit_code_);
    }

    const Config config_;
    const Reload reload_;
    const std::string version_;
    const base::Log lines_;
    const std::shared_ptr<base::RecentProblems> problems_;
    base::Metrics metrics_;

    asio::io_context service_{1};
    std::optional<asio::signal_set> signals_;  ///< while run() waits; before, a signal just ends the process
    std::optional<asio::signal_set> hangup_;   ///< likewise
    int exit_code_ = 0;
    std::atomic<bool> stopping_ = false;

    std::unique_ptr<storage::EventLog> log_;
    std::shared_ptr<tls::ServerContext> tls_;  ///< of every server; none: plain HTTP
    base::EventQueue queue_{kQueueBytes};
    std::unique_ptr<stream::StreamServer> streams_;
    std::unique_ptr<rest::RestServer> rest_;
    std::unique_ptr<stream::Publisher> publisher_;
    asio::io_context nodes_{1};
    /// There may be no node for a while.
    asio::executor_work_guard<asio::io_context::executor_type> nodes_wait_{nodes_.get_executor()};
    std::unique_ptr<upstream::Upstream> upstream_;
    std::optional<admin::Readiness> readiness_;
    std::optional<admin::NodeReports> node_reports_;
    std::optional<admin::NodeCommands> commands_;
    std::optional<StreamWiring> stream_wiring_;
    std::unique_ptr<admin::ControlSocket> control_;
    std::optional<admin::Dashboard> dashboard_;
    std::unique_ptr<admin::AdminServer> admin_;  ///< where the configuration has [admin_server]
    std::promise<void> nodes_done_;
    std::thread node_thread_;
    LoopWatch watch_{service_, lines_};
    ServiceManager manager_{service_, watch_, [this] { return status_line(); }};
};

base::Result<std::unique_ptr<Application>> Application::open(Config config, Reload reload,
                                                             std::string version, base::Log log) {
    prepare_descriptors(config, log);
    auto parts =
        std::make_unique<Parts>(std::move(config), std::move(reload), std::move(version), std::move(log));
    if (const auto opened = parts->open(); !opened) return opened.error();
    return std::unique_ptr<Application>(new Application(std::move(parts)));
}

Application::Application(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Application::~Application() = default;
int Application::run() {
    return parts_->run();
}

}  // namespace server
