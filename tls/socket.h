#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <span>
#include <sys/socket.h>
#include <utility>

#include "tls/session.h"

namespace tls {

/// Of every send(2): never waits, and a client that has gone is an error, not a signal.
inline constexpr int kSendFlags = MSG_NOSIGNAL | MSG_DONTWAIT;

/// A connected TCP socket, and the TLS session over it, if there is one. Without a session every call is the
/// socket's own. An AsyncReadStream and AsyncWriteStream as Asio defines them, so that Beast reads and writes
/// through it; and calls that never wait, for those who hold nothing while they wait. One thread; stays where
/// it is while an operation is under way.
class Socket {
  public:
    using Tcp = boost::asio::ip::tcp;
    using executor_type = Tcp::socket::executor_type;

    /// Without a session: plain.
    explicit Socket(Tcp::socket tcp, std::unique_ptr<Session> session = {});

    [[nodiscard]] executor_type get_executor() { return tcp_.get_executor(); }
    /// For its addresses, options and waits.
    [[nodiscard]] Tcp::socket& tcp() { return tcp_; }
    [[nodiscard]] bool encrypted() const { return session_ != nullptr; }

    /// From here on everything goes through the session.
    void encrypt(std::unique_ptr<Session> session) { session_ = std::move(session); }
    /// Nothing to be done on a plain socket.
    [[nodiscard]] boost::asio::awaitable<boost::system::error_code> handshake();
    [[nodiscard]] std::string explain(const boost::system::error_code& error) const;

    /// Everything was said: close_notify, and the end of the TCP stream. Reading goes on.
    [[nodiscard]] boost::asio::awaitable<void> end_writing();
    /// Cuts off what is under way.
    void close();

    // --- without waiting ---

    /// So many buffers go out in one call, at most.
    static constexpr std::size_t kMostGathered = 256;

    /// Errors are those of Tcp::socket::write_some, would_block among them. A session may take bytes that it
    /// cannot send yet: see has_unsent().
    std::size_t write_some(std::span<const boost::asio::const_buffer> buffers,
                           boost::system::error_code& error);
    /// Bytes taken wait for the socket: write_some(), of nothing even, when it is writable.
    [[nodiscard]] bool has_unsent() const { return session_ && session_->has_unsent(); }
    /// close_notify, which has_unsent() tells of, if it does not fit.
    void say_end();
    std::size_t read_some(boost::asio::mutable_buffer room, boost::system::error_code& error);
    /// Calls `handler(error_code)`, never at once, when read_some() may give something.
    template <class Handler>
    void async_wait_readable(Handler handler) {
        if (!session_ || !session_->has_unread()) {
            return tcp_.async_wait(Tcp::socket::wait_read, std::move(handler));
        }
        boost::asio::post(get_executor(),
                          [handler = std::move(handler)]() mutable { handler(boost::system::error_code{}); });
    }

    // --- as Asio has them ---

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        if (!session_) return tcp_.async_read_some(buffers, std::forward<Token>(token));
        return start(Reading{first_of(buffers)}, std::forward<Token>(token));
    }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        if (!session_) return tcp_.async_write_some(buffers, std::forward<Token>(token));
        return start(Writing<Buffers>{buffers}, std::forward<Token>(token));
    }

  private:
    using Needs = Progress::Needs;

    struct Reading {
        boost::asio::mutable_buffer room;
        Progress operator()(Session& session, int descriptor) { return session.read(descriptor, room); }
    };

    /// Done when all that was taken is sent.
    template <class Buffers>
    struct Writing {
        static constexpr std::size_t kMostBuffers = 16;
        Buffers buffers;
        std::size_t taken = 0;

        Progress operator()(Session& session, int descriptor) {
            auto progress = taken > 0 ? session.flush(descriptor) : take_some(session, descriptor);
            taken += progress.bytes;
            progress.bytes = taken;
            return progress;
        }
        Progress take_some(Session& session, int descriptor) {
            std::array<boost::asio::const_buffer, kMostBuffers> some;
            std::size_t count = 0;
            auto next = boost::asio::buffer_sequence_begin(buffers);
            const auto end = boost::asio::buffer_sequence_end(buffers);
            for (; next != end && count < some.size(); ++next) some[count++] = *next;
            return session.write(descriptor, std::span(some).first(count));
        }
    };

    /// Takes a step again and again until it is done.
    template <class Step>
    struct Operation {
        Session* session;
        Tcp::socket* tcp;
        Step step;
        Progress last{};
        bool at_once = true;  ///< within the call that began it, where the handler may not run
        bool done = false;

        template <class Self>
        void operator()(Self& self, boost::system::error_code error = {}) {
            if (done || error) return self.complete(error ? error : last.error, last.bytes);
            last = step(*session, tcp->native_handle());
            if (last.needs != Needs::Nothing && !last.error) {
                at_once = false;
                return tcp->async_wait(wait_for(last.needs), std::move(self));
            }
            done = true;
            if (!at_once) return self.complete(last.error, last.bytes);
            boost::asio::post(tcp->get_executor(), std::move(self));
        }
    };

    static Tcp::socket::wait_type wait_for(Needs needs) {
        return needs == Needs::Writable ? Tcp::socket::wait_write : Tcp::socket::wait_read;
    }

    template <class Buffers>
    static boost::asio::mutable_buffer first_of(const Buffers& buffers) {
        const auto end = boost::asio::buffer_sequence_end(buffers);
        for (auto next = boost::asio::buffer_sequence_begin(buffers); next != end; ++next) {
            const boost::asio::mutable_buffer buffer(*next);
            if (buffer.size() > 0) return buffer;
        }
        return {};
    }

    template <class Step, class Token>
    auto start(Step step, Token&& token) {
        return boost::asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(
            Operation<Step>{session_.get(), &tcp_, std::move(step)}, token, tcp_);
    }

    [[nodiscard]] boost::asio::awaitable<boost::system::error_code> repeat(
        Progress (Session::*step)(int descriptor));

    Tcp::socket tcp_;
    std::unique_ptr<Session> session_;
};

}  // namespace tls
