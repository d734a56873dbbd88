#include "server/application.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <future>
#include <optional>
#include <random>
#include <thread>

#include "admin/control_socket.h"
#include "admin/node_json.h"
#include "admin/readiness.h"
#include "base/event_queue.h"
#include "base/named_thread.h"
#include "server/connection_config.h"
#include "server/control_path.h"
#include "server/node_wiring.h"
#include "server/preflight.h"
#include "storage/node_store.h"
#include "storage/open_log.h"
#include "stream/publisher.h"
#include "stream/stream_server.h"
#include "upstream/upstream.h"

namespace server {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kQueueBytes = std::size_t{32} << 20;
constexpr std::chrono::seconds kStopPatience{5};
constexpr std::chrono::seconds kNodesPatience{3};

/// A node that a command adds.
base::Result<upstream::NodeSpec> parse_node(const std::string& configuration) {
    auto spec = parse_connection(configuration);
    if (!spec) return spec;
    if (const auto supported = check_supported(spec->options); !supported) return supported.error();
    return spec;
}

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
          lines_(std::move(lines)) {}

    base::Result<void> open() {
        auto log = storage::open_log(config_.storage, lines_, metrics_);
        if (!log) return log.error();
        log_ = std::move(*log);
        if (auto checked = check_network(); !checked) return checked;

        auto streams =
            stream::StreamServer::open(config_.event_stream_server, *log_, version_, lines_, metrics_);
        if (!streams) return streams.error();
        streams_ = std::move(*streams);

        publisher_ = std::make_unique<stream::Publisher>(
            *log_, queue_, streams_->next(),
            [this](const stream::PublicationPtr& publication) { streams_->publish(publication); },
            [this](const base::Error& error) { fail(error.message); }, lines_, metrics_);
        upstream_ =
            std::make_unique<upstream::Upstream>(nodes_, config_.connections, upstream_dependencies());

        readiness_.emplace(*upstream_, [this] { return storage_problems(); });
        auto control = admin::ControlSocket::open({.path = control_socket_path(config_)}, service_,
                                                  *upstream_, log_->nodes(), *readiness_, parse_node, lines_);
        if (!control) return control.error();
        control_ = std::move(*control);
        return {};
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
        asio::post(nodes_, [this] { upstream_->start(); });
        node_thread_ = base::named_thread("nodes", [this] {
            nodes_.run();
            nodes_done_.set_value();
        });

        service_.run();
        stop();
        return exit_code_;
    }

  private:
    base::Result<void> check_network() const {
        const auto& configured = config_.storage.network_name;
        const auto stored = log_->network_name();
        if (!configured || stored.empty() || *configured == stored) return {};
        return base::invalid(fmt::format(
            "storage.network_name is \"{}\", but the log holds events of \"{}\"; correct the name or choose "
            "another database",
            *configured, stored));
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

    /// Any thread.
    admin::Readiness::Reasons storage_problems() const {
        const auto outage = publisher_->outage();
        if (!outage) return {};
        const auto since = std::chrono::floor<std::chrono::milliseconds>(outage->since);
        return {fmt::format("since {} {}", admin::rfc3339(since), outage->what)};
    }

    void describe() const {
        const auto range = log_->range();
        const auto network = log_->network_name();
        lines_->info("event-sidecar {}: log {} holds {} events (ids {} to {}) of network {}", version_,
                     log_->feed_id(), range.next - range.oldest, range.oldest, range.newest(),
                     network.empty() ? "(none yet)" : network);
        lines_->info(
            "streams are served on http://{}:{}/events/main, /events/deploys, /events/sigs, /events, "
            "/events/sidecar",
            config_.event_stream_server.bind_address, streams_->port());
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
            read_nodes_again();
            await_hangup();
        });
    }

    void read_nodes_again() {
        const auto config = reload_();
        const auto supported = config ? check_supported(*config) : config.error();
        if (!supported) {
            lines_->error("SIGHUP: nothing is changed, as the configuration has errors:\n{}",
                          supported.error().message);
            return;
        }
        lines_->info("SIGHUP: the nodes of the configuration are read again; its other keys need a restart");
        upstream_->configure(config->connections);
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
        error_code ignored;
        signals_->clear(ignored);
        signals_->cancel(ignored);
        hangup_->cancel(ignored);
        service_.stop();
    }

    /// Against the way of the data: nothing new comes in, what came in is stored, what is stored is sent.
    void stop() {
        lines_->info("stopping");
        control_->stop();
        streams_->close_door();
        asio::post(nodes_, [this] {
            upstream_->stop();
            nodes_wait_.reset();
        });
        const bool nodes_ended =
            nodes_done_.get_future().wait_for(kNodesPatience) == std::future_status::ready;
        if (nodes_ended) node_thread_.join();
        publisher_->stop();
        streams_->stop(kStopPatience);
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
    base::Metrics metrics_;

    asio::io_context service_{1};
    std::optional<asio::signal_set> signals_;  ///< while run() waits; before, a signal just ends the process
    std::optional<asio::signal_set> hangup_;   ///< likewise
    int exit_code_ = 0;

    std::unique_ptr<storage::EventLog> log_;
    base::EventQueue queue_{kQueueBytes};
    std::unique_ptr<stream::StreamServer> streams_;
    std::unique_ptr<stream::Publisher> publisher_;
    asio::io_context nodes_{1};
    /// There may be no node for a while.
    asio::executor_work_guard<asio::io_context::executor_type> nodes_wait_{nodes_.get_executor()};
    std::unique_ptr<upstream::Upstream> upstream_;
    std::optional<admin::Readiness> readiness_;
    std::unique_ptr<admin::ControlSocket> control_;
    std::promise<void> nodes_done_;
    std::thread node_thread_;
};

base::Result<std::unique_ptr<Application>> Application::open(Config config, Reload reload,
                                                             std::string version, base::Log log) {
    if (const auto supported = check_supported(config); !supported) return supported.error();
    prepare_descriptors(config, log);
    tell_what_is_not_served(config, log);
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
