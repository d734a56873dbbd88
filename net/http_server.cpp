#include "net/http_server.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sys/resource.h>
#include <unistd.h>

#include "net/connection.h"

namespace net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kAcceptPause{250};
constexpr std::chrono::seconds kComplaintInterval{60};
constexpr rlim_t kMostReserved = 64;

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
        : options_(std::move(options)),
          workers_(std::move(workers)),
          connections_(workers_.size()),
          handler_(std::move(handler)),
          log_(std::move(log)),
          accept_pauses_(metrics.accept_pause(options_.name)),
          acceptor_(std::move(acceptor)),
          port_(acceptor_->local_endpoint().port()) {}

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
            asio::post(*workers_[worker], [self = shared_from_this(), worker] {
                for (Connection* connection : self->connections_[worker]) connection->close();
            });
        }
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    /// Enters a connection into its worker's list while it runs.
    class Registration {
      public:
        Registration(std::vector<Connection*>& list, Connection& connection)
            : list_(list), connection_(connection) {
            list_.push_back(&connection_);
        }
        ~Registration() { std::erase(list_, &connection_); }
        Registration(const Registration&) = delete;
        Registration& operator=(const Registration&) = delete;

      private:
        std::vector<Connection*>& list_;
        Connection& connection_;
    };

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
            co_await pause.async_wait(kAsTuple);
        }

        Impl& owner;
        tcp::acceptor acceptor;
        asio::steady_timer pause;
    };

    static asio::awaitable<void> accept_loop(std::shared_ptr<Impl> self, tcp::acceptor opened) {
        Accepting accepting(*self, std::move(opened));
        std::size_t next_worker = 0;
        while (!self->stopped_) {
            if (descriptors_are_short(accepting.acceptor.native_handle())) {
                self->complain_of_shortage(asio::error::no_descriptors);
                co_await accepting.wait();
                continue;
            }
            auto [error, socket] = co_await accepting.acceptor.async_accept(kAsTuple);
            if (self->stopped_) co_return;
            if (is_shortage(error)) {
                self->complain_of_shortage(error);
                co_await accepting.wait();
                continue;
            }
            if (error) continue;
            auto& context = *self->workers_[next_worker];
            asio::co_spawn(context, serve(self, moved_to(context, std::move(socket)), next_worker),
                           asio::detached);
            next_worker = (next_worker + 1) % self->workers_.size();
        }
    }

    void complain_of_shortage(error_code error) {
        accept_pauses_.Increment();
        if (!complaints_.pass()) return;
        log_->warn(
            "[{}] no new connection can be accepted now: {}; raise the limit of open files (ulimit -n)",
            options_.name, error.message());
    }

    static asio::awaitable<void> serve(std::shared_ptr<Impl> self, tcp::socket socket, std::size_t worker) {
        Connection connection(std::move(socket), self->options_, self->handler_, worker);
        const Registration registration(self->connections_[worker], connection);
        if (self->stopped_) co_return;
        co_await connection.run();
    }

    const HttpServerOptions options_;
    const std::vector<asio::io_context*> workers_;
    std::vector<std::vector<Connection*>> connections_;  ///< by worker, each touched by its own thread only
    const Handler handler_;
    const base::Log log_;
    base::Counter& accept_pauses_;
    base::LogLimiter complaints_{kComplaintInterval};
    std::optional<tcp::acceptor> acceptor_;  ///< until start()
    Accepting* accepting_ = nullptr;         ///< the first worker's thread only
    const std::uint16_t port_;
    std::atomic<bool> stopped_ = false;
};

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
