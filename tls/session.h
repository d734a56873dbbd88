#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct ssl_st;  // OpenSSL's SSL

namespace tls {

/// What came of one step of a session: it is done, as `error` tells, or it is to be taken again when the
/// descriptor is as it needs it to be.
struct Progress {
    enum class Needs : std::uint8_t { Nothing, Readable, Writable };

    Needs needs = Needs::Nothing;
    std::size_t bytes = 0;
    boost::system::error_code error;
};

/// One side of a TLS connection (RFC 8446, RFC 5246) over a descriptor that never blocks. The descriptor is
/// given with each call and not kept, so that one that was closed, and may belong to somebody else by now, is
/// not used.
///
/// What the descriptor does not take is kept here, encrypted, and goes before all else: no step has to be
/// repeated with the same bytes. That is one record (16 KB) at most beside what the handshake needs; a
/// session that waits for its peer holds no buffer. One thread.
class Session {
  public:
    /// Takes the SSL over, which is in its state to connect or to accept. The contexts make sessions.
    explicit Session(ssl_st* ssl);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] Progress handshake(int descriptor);

    /// Some bytes of the peer. Its close_notify is asio::error::eof; an end without one is
    /// asio::ssl::error::stream_truncated.
    [[nodiscard]] Progress read(int descriptor, boost::asio::mutable_buffer room);
    /// Bytes of the peer are here already: read() gives some, whether the descriptor is readable or not.
    [[nodiscard]] bool has_unread() const;

    /// Takes bytes until not all of them can be sent: `bytes` are taken. `needs` tells whether some of them
    /// still wait here. Nothing is taken while others wait; then `bytes` is 0.
    [[nodiscard]] Progress write(int descriptor, std::span<const boost::asio::const_buffer> buffers);
    /// Sends what waits.
    [[nodiscard]] Progress flush(int descriptor);
    [[nodiscard]] bool has_unsent() const { return !wire_.unsent.empty(); }

    /// Tells the peer that nothing follows (close_notify), once.
    [[nodiscard]] Progress close(int descriptor);

    /// In words, why a handshake failed with that error.
    [[nodiscard]] std::string explain(const boost::system::error_code& error) const;

  private:
    struct Free {
        void operator()(ssl_st* ssl) const;
    };

    /// The descriptor as OpenSSL sees it.
    struct Wire {
        int descriptor = -1;
        int error = 0;  ///< errno of the call that failed
        bool ended = false;
        std::string unsent;
        std::size_t sent = 0;  ///< of `unsent`
    };
    class Bio;

    [[nodiscard]] Progress outcome(int result) const;

    Wire wire_;
    std::unique_ptr<ssl_st, Free> ssl_;
};

/// The peer spoke HTTP where a handshake was expected.
[[nodiscard]] bool is_plain_http(const boost::system::error_code& error);

}  // namespace tls
