#include "tls/socket.h"

#include <cerrno>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/as_tuple.h"

namespace tls {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// In one call, where Asio's own gathers no more than 64 buffers.
ssize_t send_gathered(int descriptor, std::span<const asio::const_buffer> buffers) {
    std::array<iovec, Socket::kMostGathered> parts;
    const auto count = std::min(buffers.size(), parts.size());
    for (std::size_t i = 0; i < count; ++i) {
        parts[i] = {.iov_base = const_cast<void*>(buffers[i].data()), .iov_len = buffers[i].size()};
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    return ::sendmsg(descriptor, &message, kSendFlags);
}

std::size_t send_some(int descriptor, std::span<const asio::const_buffer> buffers, error_code& error) {
    ssize_t sent = -1;
    do {
        // The plain call costs the kernel less, and one event to each of many is the common case.
        sent = buffers.size() == 1
                   ? ::send(descriptor, buffers.front().data(), buffers.front().size(), kSendFlags)
                   : send_gathered(descriptor, buffers);
    } while (sent < 0 && errno == EINTR);
    error = sent < 0 ? error_code(errno, boost::system::system_category()) : error_code{};
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

}  // namespace

Socket::Socket(Tcp::socket tcp, std::unique_ptr<Session> session)
    : tcp_(std::move(tcp)), session_(std::move(session)) {}

asio::awaitable<error_code> Socket::handshake() {
    if (!session_) co_return error_code{};
    const auto error = co_await repeat(&Session::handshake);
    co_return error;
}

std::string Socket::explain(const error_code& error) const {
    return session_ ? session_->explain(error) : error.message();
}

asio::awaitable<void> Socket::end_writing() {
    if (session_) co_await repeat(&Session::close);
    error_code ignored;
    tcp_.shutdown(Tcp::socket::shutdown_send, ignored);
}

void Socket::close() {
    error_code ignored;
    tcp_.close(ignored);
}

asio::awaitable<error_code> Socket::repeat(Progress (Session::*step)(int descriptor)) {
    for (;;) {
        const auto progress = (*session_.*step)(tcp_.native_handle());
        if (progress.error || progress.needs == Needs::Nothing) co_return progress.error;
        const auto [error] = co_await tcp_.async_wait(wait_for(progress.needs), base::kAsTuple);
        if (error) co_return error;
    }
}

std::size_t Socket::write_some(std::span<const asio::const_buffer> buffers, error_code& error) {
    if (!session_) return send_some(tcp_.native_handle(), buffers, error);
    const auto progress = session_->write(tcp_.native_handle(), buffers);
    const bool nothing_fits = progress.bytes == 0 && progress.needs != Needs::Nothing;
    error = nothing_fits ? error_code(asio::error::would_block) : progress.error;
    return progress.bytes;
}

void Socket::say_end() {
    if (session_) static_cast<void>(session_->close(tcp_.native_handle()));
}

std::size_t Socket::read_some(asio::mutable_buffer room, error_code& error) {
    if (!session_) return tcp_.read_some(asio::buffer(room), error);
    const auto progress = session_->read(tcp_.native_handle(), room);
    error = progress.needs != Needs::Nothing ? error_code(asio::error::would_block) : progress.error;
    return progress.bytes;
}

}  // namespace tls
