#include "admin/control_session.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <utility>

#include "admin/control_commands.h"
#include "base/as_tuple.h"

namespace admin {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds kLingerTime{1};

}  // namespace

ControlSession::ControlSession(asio::local::stream_protocol::socket socket,
                               const ControlSocketOptions& options, std::shared_ptr<WayBack> way_back)
    : socket_(std::move(socket)),
      options_(options),
      way_back_(std::move(way_back)),
      deadline_(socket_.get_executor()),
      answered_(socket_.get_executor()) {}

void ControlSession::close() {
    closed_ = true;
    error_code ignored;
    socket_.close(ignored);
    deadline_.cancel();
    answered_.cancel();
}

asio::awaitable<void> ControlSession::run(const Ask& ask) {
    const auto request = co_await read_request();
    if (!request || closed_) co_return;

    std::string answer;
    if (*request) {
        answer = co_await answer_to(**request, ask);
    } else {
        answer = failure(request->error().message);
    }
    if (closed_) co_return;
    const bool written = co_await write(std::move(answer));
    if (written) co_await linger();
}

asio::awaitable<std::optional<base::Result<std::string>>> ControlSession::read_request() {
    std::string line;
    limit_time(options_.request_time);
    auto buffer = asio::dynamic_buffer(line, options_.max_request_bytes);
    const auto [error, size] = co_await asio::async_read_until(socket_, buffer, '\n', base::kAsTuple);

    std::optional<base::Result<std::string>> request;
    if (!error) {
        request = line.substr(0, size - 1);
    } else if (error == asio::error::eof && !line.empty()) {
        request = std::move(line);
    } else if (error == asio::error::not_found) {
        request = base::invalid(fmt::format("the request is too long; expected one line of {} bytes at most",
                                            options_.max_request_bytes));
    } else if (error == asio::error::operation_aborted) {
        request = base::invalid(fmt::format("no request came within {} ms", options_.request_time.count()));
    }
    co_return request;
}

asio::awaitable<std::string> ControlSession::answer_to(const std::string& request, const Ask& ask) {
    deadline_.cancel();
    // The answer may come when this session, its socket and its context are long gone.
    std::function<void(std::string)> done = [weak = weak_from_this(),
                                             way_back = way_back_](std::string answer) {
        way_back->post([weak, answer = std::move(answer)]() mutable {
            if (const auto self = weak.lock()) self->take(std::move(answer));
        });
    };
    answered_.expires_after(options_.answer_time);
    ask(request, std::move(done));
    co_await answered_.async_wait(base::kAsTuple);
    if (answer_) co_return std::move(*answer_);
    co_return failure(
        "there is no answer yet; the sidecar goes on with it. See its log, and `event-sidecar nodes list`");
}

asio::awaitable<bool> ControlSession::write(std::string answer) {
    answer += '\n';
    limit_time(options_.request_time);
    const auto buffer = asio::buffer(answer);
    const auto [error, size] = co_await asio::async_write(socket_, buffer, base::kAsTuple);
    co_return !error && !closed_;
}

/// A client whose request was too long must be able to send the rest, or it never reads the answer.
asio::awaitable<void> ControlSession::linger() {
    error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
    limit_time(kLingerTime);
    std::array<char, 2048> sink{};
    for (;;) {
        const auto buffer = asio::buffer(sink);
        const auto [error, size] = co_await socket_.async_read_some(buffer, base::kAsTuple);
        if (error || closed_) break;
    }
    deadline_.cancel();
}

void ControlSession::limit_time(std::chrono::milliseconds time) {
    deadline_.expires_after(time);
    deadline_.async_wait([weak = weak_from_this()](error_code error) {
        const auto self = weak.lock();
        // The next limit may have been set while the end of this one was on its way here.
        if (error || !self || self->deadline_.expiry() > asio::steady_timer::clock_type::now()) return;
        error_code ignored;
        self->socket_.cancel(ignored);
    });
}

void ControlSession::take(std::string answer) {
    answer_ = std::move(answer);
    answered_.cancel();
}

}  // namespace admin
