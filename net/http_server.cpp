#include "net/http_server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sys/resource.h>
#include <unistd.h>

#include "base/as_tuple.h"
#include "net/connection.h"
#include "net/connection_set.h"
#include "net/http_counts.h"
#include "tls/server_context.h"

namespace net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds kAcceptPause{250};
constexpr int kMostAcceptedAtOnce = 64;
constexpr std::chrono::seconds kComplaintInterval{60};
constexpr rlim_t kMostReserved = 64;
constexpr std::size_t kLeastConnections = 16;
constexpr std::size_t kMostTurnedAway = 64;  // at a time; more are cut off without a word
constexpr std::chrono::milliseconds kLongestLook{1000};

constexpr const char* kPlainHttp = "plain_http";
constexpr const char* kTimeout = "timeout";
constexpr const char* kFailed = "failed";
constexpr std::array kTlsFailures{kPlainHttp, kTimeout, kFailed};

bool is_shortage(const error_code& error) {
    return error == asio::error::no_descriptors ||
           error == boost::system::errc::too_many_files_open_in_system ||
           error == asio::error::no_buffer_space || error == asio::error::no_memory;
}

/// What the process keeps for itself: connections to nodes, database files. A kernel gives the lowest
/// descriptor that is free, so a probe tells how many are left.
bool descriptors_are_short(int any) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    const int probe = fcntl(any, F_DUPFD_CLOEXEC, 0);
    if (probe < 0) return true;
    close(probe);
    const rlim_t reserve = std::min<rlim_t>(kMostReserved, limit.rlim_cur / 4);
    return static_cast<rlim_t>(probe) + reserve >= limit.rlim_cur;
}

/// The rest is for streams, which are taken over, and for the process itself.
std::size_t half_of_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kLeastConnections;
    return std::max<std::size_t>(limit.rlim_cur / 2, kLeastConnections);
}

/// What is refused here goes to no row of a server's table.
RefusalWriter counted(RefusalWriter refuse, const std::string& server, base::Metrics& metrics) {
    return [refuse = std::move(refuse), server, &metrics](const Refusal& refusal, const Request& request) {
        metrics.http_requests(server, HttpCounts::kOther, refusal.status).Increment();
        return refuse(refusal, request);
    };
}

HttpServerOptions completed(HttpServerOptions options, base::Metrics& metrics) {
    if (options.max_connections == 0) options.max_connections = half_of_descriptors();
    options.refuse = counted(std::move(options.refuse), options.name, metrics);
    return options;
}

/// How often deadlines are looked at.
std::chrono::milliseconds look_interval(const HttpServerOptions& options) {
    const auto shortest =
        std::min({options.header_timeout, options.body_timeout, options.idle_timeout, options.write_timeout});
    return std::clamp(shortest / 4, std::chrono::milliseconds(1), kLongestLook);
}

/// Accepting for another io_context would tie the two together: the pending operation must not outlive
/// either.
tcp::socket moved_to(asio::io_context& context, tcp::socket accepted) {
    error_code error;
    const auto protocol = accepted.local_endpoint(error).protocol();
    tcp::socket moved(context);
    moved.assign(protocol, accepted.release(), error);
    return moved;
}

base::Error cannot_open(const HttpServerOptions& options, std::string_view why) {
    return base::invalid(fmt::format("[{}] cannot listen on {} port {}: {}", options.name,
                                     options.bind_address, options.port, why));
}

std::string remedy_for(const error_code& error) {
    if (error == asio::error::address_in_use) {
        return "the port is in use; stop the program that holds it, or set another `port`";
    }
    if (error == asio::error::access_denied) {
        return "not permitted; ports below 1024 need a privilege, or set another `port`";
    }
    if (error == boost::system::errc::address_not_available) {
        return "this machine has no such address; correct `bind_address`";
    }
    return error.message();
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(HttpServerOptions options, std::vector<asio::io_context*> workers, Handler handler, base::Log log,
         base::Metrics& metrics, tcp::acceptor acceptor)
        : service_{completed(std::move(options), metrics), std::move(handler), std::move(log)},
          look_interval_(look_interval(service_.options)),
          workers_(std::move(workers)),
          sets_(workers_.size()),
          accept_pauses_(metrics.accept_pause(service_.options.name)),
          metrics_(metrics),
          acceptor_(std::move(acceptor)),
          port_(acceptor_->local_endpoint().port()) {
        for (const auto* const reason : kTlsFailures)
            (void)metrics.tls_failure(service_.options.name, reason);
    }

    void start() {
        tcp::acceptor acceptor = std::move(*acceptor_);
        acceptor_.reset();
        asio::co_spawn(*workers_.front(), accept_loop(shared_from_this(), std::move(acceptor)),
                       asio::detached);
    }

    void stop() {
        if (stopped_.exchange(true)) return;
        acceptor_.reset();
        asio::post(*workers_.front(), [self = shared_from_this()] {
            if (self->accepting_ == nullptr) return;
            error_code ignored;
            self->accepting_->acceptor.close(ignored);
            self->accepting_->pause.cancel();
        });
        for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
            asio::post(*workers_[worker],
                       [self = shared_from_this(), worker] { self->sets_[worker].close_all(); });
        }
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    /// Lives and dies with the first worker's io_context, however long a connection of another keeps the
    /// server.
    struct Accepting {
        Accepting(Impl& impl, tcp::acceptor opened)
            : owner(impl), acceptor(std::move(opened)), pause(acceptor.get_executor()) {
            owner.accepting_ = this;
        }
        ~Accepting() { owner.accepting_ = nullptr; }
        Accepting(const Accepting&) = delete;
        Accepting& operator=(const Accepting&) = delete;

        asio::awaitable<void> wait() {
            pause.expires_after(kAcceptPause);
            co_await pause.async_wait(base::kAsTuple);
        }

        Impl& owner;
        tcp::acceptor acceptor;
        asio::steady_timer pause;
    };

    static asio::awaitable<void> accept_loop(std::shared_ptr<Impl> self, tcp::acceptor opened) {
        Accepting accepting(*self, std::move(opened));
        error_code ignored;
        accepting.acceptor.non_blocking(true, ignored);
        while (!self->stopped_) {
            co_await accepting.acceptor.async_wait(tcp::acceptor::wait_read, base::kAsTuple);
            if (self->stopped_) co_return;
            if (!self->accept_those_waiting(accepting.acceptor)) co_await accepting.wait();
        }
    }

    /// Some at once, as the thread may have much else to do before it comes here again. False: descriptors
    /// are short.
    bool accept_those_waiting(tcp::acceptor& acceptor) {
        for (int count = 0; count < kMostAcceptedAtOnce; ++count) {
            if (descriptors_are_short(acceptor.native_handle())) {
                complain_of_shortage(asio::error::no_descriptors);
                return false;
            }
            error_code error;
            tcp::socket socket = acceptor.accept(error);
            if (error == asio::error::would_block) break;
            if (is_shortage(error)) {
                complain_of_shortage(error);
                return false;
            }
            if (error) continue;
            begin(std::move(socket), next_worker_);
            next_worker_ = (next_worker_ + 1) % workers_.size();
        }
        return true;
    }

    void begin(tcp::socket accepted, std::size_t worker) {
        const std::size_t before = connections_.fetch_add(1);
        const auto turned_away = service_.options.max_connections + kMostTurnedAway;
        if (before >= turned_away) {
            connections_.fetch_sub(1);
            return;
        }
        auto& context = *workers_[worker];
        const auto& tls = service_.options.tls;
        tls::Socket socket(moved_to(context, std::move(accepted)), tls ? tls->new_session() : nullptr);
        const auto connection = std::make_shared<Connection>(std::move(socket), service_, worker);
        const bool one_too_many = before >= service_.options.max_connections;
        // The handler keeps the connection until the coroutine, which is cancelled through it, has ended.
        asio::co_spawn(context, serve(shared_from_this(), *connection, worker, one_too_many),
                       asio::bind_cancellation_slot(connection->cancellation(),
                                                    [connection](const std::exception_ptr&) {}));
    }

    void complain_of_shortage(error_code error) {
        accept_pauses_.Increment();
        if (!complaints_.pass()) return;
        service_.log->warn(
            "[{}] no new connection can be accepted now: {}; raise the limit of open files (ulimit -n)",
            service_.options.name, error.message());
    }

    /// Counts a connection that begin() counted off.
    struct Departure {
        explicit Departure(std::atomic<std::size_t>& connections) : count(connections) {}
        ~Departure() { count.fetch_sub(1); }
        Departure(const Departure&) = delete;
        Departure& operator=(const Departure&) = delete;

        std::atomic<std::size_t>& count;
    };

    static asio::awaitable<void> serve(std::shared_ptr<Impl> self, Connection& connection, std::size_t worker,
                                       bool one_too_many) {
        const Departure departure(self->connections_);
        ConnectionSet& set = self->sets_[worker];
        if (self->stopped_) co_return;
        const bool turned_away = one_too_many && !set.close_oldest_idle();
        const ConnectionSet::Entry entry(set, connection);
        if (set.unwatched()) asio::co_spawn(*self->workers_[worker], watch(self, worker), asio::detached);
        if (const auto error = co_await connection.handshake()) {
            self->count_failure(error);
            co_return;
        }
        if (turned_away) {
            co_await connection.turn_away(set.date());
        } else {
            co_await connection.run(set.date());
        }
    }

    void count_failure(const error_code& error) {
        if (error == asio::error::operation_aborted) return;  // closed from this side
        const auto* const reason = tls::is_plain_http(error)         ? kPlainHttp
                                   : error == asio::error::timed_out ? kTimeout
                                                                     : kFailed;
        metrics_.tls_failure(service_.options.name, reason).Increment();
    }

    static asio::awaitable<void> watch(std::shared_ptr<Impl> self, std::size_t worker) {
        co_await self->sets_[worker].watch(self->look_interval_);
    }

    const Service service_;
    const std::chrono::milliseconds look_interval_;
    const std::vector<asio::io_context*> workers_;
    std::vector<ConnectionSet> sets_;           ///< by worker, each touched by its own thread only
    std::atomic<std::size_t> connections_ = 0;  ///< that are not taken over
    base::Counter& accept_pauses_;
    base::Metrics& metrics_;
    base::LogLimiter complaints_{kComplaintInterval};
    std::optional<tcp::acceptor> acceptor_;  ///< until start()
    Accepting* accepting_ = nullptr;         ///< the first worker's thread only
    std::size_t next_worker_ = 0;            ///< likewise
    const std::uint16_t port_;
    std::atomic<bool> stopped_ = false;
};

asio::awaitable<Answer> ready(Answer answer) {
    co_return answer;
}

base::Result<std::shared_ptr<HttpServer>> HttpServer::open(HttpServerOptions options,
                                                           std::vector<asio::io_context*> workers,
                                                           Handler handler, base::Log log,
                                                           base::Metrics& metrics) {
    error_code error;
    const auto address = asio::ip::make_address(options.bind_address, error);
    if (error) return cannot_open(options, "`bind_address` is not an IP address");

    const tcp::endpoint endpoint(address, options.port);
    tcp::acceptor acceptor(*workers.front());
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return cannot_open(options, remedy_for(error));

    auto impl = std::make_shared<Impl>(std::move(options), std::move(workers), std::move(handler),
                                       std::move(log), metrics, std::move(acceptor));
    return std::shared_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() {
    impl_->stop();
}
void HttpServer::start() {
    impl_->start();
}
void HttpServer::stop() {
    impl_->stop();
}
std::uint16_t HttpServer::port() const {
    return impl_->port();
}

}  // namespace net
