#include "admin/control_socket.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "admin/control_session.h"
#include "admin/socket_file.h"
#include "admin/way_back.h"
#include "base/as_tuple.h"

namespace admin {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds kAcceptPause{250};
constexpr std::chrono::seconds kComplaintInterval{60};

}  // namespace

/// Kept by its coroutines, which may end after the ControlSocket, even only when the context is destroyed.
class ControlSocket::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(ControlSocketOptions options, asio::io_context& context, Listener listener, NodeCommands& nodes,
         const Readiness& readiness, base::Log log)
        : options_(std::move(options)),
          way_back_(std::make_shared<WayBack>(context)),
          acceptor_(std::move(listener.acceptor)),
          file_(std::move(listener.file)),
          pause_(acceptor_.get_executor()),
          log_(std::move(log)) {
        commands_.emplace(nodes, readiness);
    }

    void start() {
        asio::co_spawn(acceptor_.get_executor(), accept_loop(shared_from_this()), asio::detached);
    }

    void stop() {
        if (std::exchange(stopped_, true)) return;
        way_back_->close();
        file_.remove();
        error_code ignored;
        acceptor_.close(ignored);
        pause_.cancel();
        for (auto* session : sessions_) session->close();
        commands_.reset();
    }

  private:
    /// A session's place in the list, from its acceptance to its end.
    struct Seat {
        Seat(std::shared_ptr<Impl> impl, stream_protocol::socket socket)
            : owner(std::move(impl)),
              session(
                  std::make_shared<ControlSession>(std::move(socket), owner->options_, owner->way_back_)) {
            owner->sessions_.push_back(session.get());
        }
        ~Seat() {
            std::erase(owner->sessions_, session.get());
            owner->pause_.cancel();
        }
        Seat(const Seat&) = delete;
        Seat& operator=(const Seat&) = delete;

        const std::shared_ptr<Impl> owner;
        const std::shared_ptr<ControlSession> session;
    };

    static asio::awaitable<void> accept_loop(std::shared_ptr<Impl> self) {
        while (!self->stopped_) {
            if (self->sessions_.size() >= self->options_.max_connections) {
                co_await self->wait();
                continue;
            }
            auto [error, socket] = co_await self->acceptor_.async_accept(base::kAsTuple);
            if (self->stopped_) co_return;
            if (error) {
                self->complain(error);
                co_await self->wait();
                continue;
            }
            auto seat = std::make_unique<Seat>(self, std::move(socket));
            asio::co_spawn(self->acceptor_.get_executor(), serve(std::move(seat)), asio::detached);
        }
    }

    static asio::awaitable<void> serve(std::unique_ptr<Seat> seat) {
        Impl& impl = *seat->owner;
        const ControlSession::Ask ask = [&impl](const std::string& request, ControlCommands::Done done) {
            if (impl.commands_) impl.commands_->run(request, std::move(done));
        };
        if (!impl.stopped_) co_await seat->session->run(ask);
    }

    /// Until a session ends, or there is reason to look again.
    asio::awaitable<void> wait() {
        pause_.expires_after(kAcceptPause);
        co_await pause_.async_wait(base::kAsTuple);
    }

    void complain(const error_code& error) {
        if (complaints_.pass()) {
            log_->warn("control_socket {}: no connection can be accepted now: {}", options_.path.native(),
                       error.message());
        }
    }

    const ControlSocketOptions options_;
    const std::shared_ptr<WayBack> way_back_;
    stream_protocol::acceptor acceptor_;
    SocketFile file_;
    asio::steady_timer pause_;
    const base::Log log_;
    base::LogLimiter complaints_{kComplaintInterval};
    std::optional<ControlCommands> commands_;  ///< until stop()
    std::vector<ControlSession*> sessions_;
    bool stopped_ = false;
};

base::Result<std::unique_ptr<ControlSocket>> ControlSocket::open(ControlSocketOptions options,
                                                                 asio::io_context& context,
                                                                 NodeCommands& nodes,
                                                                 const Readiness& readiness, base::Log log) {
    auto listener = listen_on(context, options.path);
    if (!listener) return listener.error();
    auto impl = std::make_shared<Impl>(std::move(options), context, std::move(*listener), nodes, readiness,
                                       std::move(log));
    impl->start();
    return std::unique_ptr<ControlSocket>(new ControlSocket(std::move(impl)));
}

ControlSocket::ControlSocket(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlSocket::~ControlSocket() {
    impl_->stop();
}
void ControlSocket::stop() {
    impl_->stop();
}

}  // namespace admin
