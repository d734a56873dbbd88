#include "tls/session.h"

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>
#include <fmt/format.h>
#include <new>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

namespace tls {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kRecordBytes = SSL3_RT_MAX_PLAIN_LENGTH;
/// Who makes a session answer (RFC 8446, 4.6.3) and never takes the answers is not listened to any more.
constexpr std::size_t kMostUnsent = 64 * 1024;

/// Cuts buffers into pieces of a record's size: small ones are put together, large ones stay where they are.
class Pieces {
  public:
    explicit Pieces(std::span<const asio::const_buffer> buffers) : buffers_(buffers) {}

    /// Empty at the end; valid until the next call.
    std::span<const char> next() {
        skip_empty();
        if (buffers_.empty()) return {};
        const std::size_t left = front().size();
        if (left >= kRecordBytes || buffers_.size() == 1) return take(std::min(left, kRecordBytes));
        std::size_t filled = 0;
        while (!buffers_.empty() && filled < room_.size()) {
            const auto part = take(std::min(front().size(), room_.size() - filled));
            std::ranges::copy(part, room_.begin() + static_cast<std::ptrdiff_t>(filled));
            filled += part.size();
            skip_empty();
        }
        return {room_.data(), filled};
    }

  private:
    [[nodiscard]] std::span<const char> front() const {
        const auto& buffer = buffers_.front();
        return std::span(static_cast<const char*>(buffer.data()), buffer.size()).subspan(offset_);
    }
    std::span<const char> take(std::size_t size) {
        const auto part = front().first(size);
        offset_ += size;
        return part;
    }
    void skip_empty() {
        while (!buffers_.empty() && offset_ == buffers_.front().size()) {
            buffers_ = buffers_.subspan(1);
            offset_ = 0;
        }
    }

    std::span<const asio::const_buffer> buffers_;
    std::size_t offset_ = 0;
    std::array<char, kRecordBytes> room_;
};

bool reason_is(const error_code& error, int reason) {
    return error.category() == asio::error::get_ssl_category() &&
           ERR_GET_REASON(static_cast<unsigned long>(error.value())) == reason;
}

error_code system_error(int number) {
    return {number, asio::error::get_system_category()};
}

}  // namespace

/// OpenSSL's view of the wire: a write always succeeds, as what the descriptor does not take is kept.
class Session::Bio {
  public:
    static BIO* make(Wire& wire) {
        BIO* const bio = BIO_new(method());
        if (bio == nullptr) throw std::bad_alloc();
        BIO_set_data(bio, &wire);
        BIO_set_init(bio, 1);
        return bio;
    }

    static void flush(Wire& wire) {
        while (wire.sent < wire.unsent.size()) {
            const auto sent = send(wire, wire.unsent.data() + wire.sent, wire.unsent.size() - wire.sent);
            if (sent == 0) return;
            wire.sent += sent;
        }
        wire.unsent = std::string();  // gives the memory back
        wire.sent = 0;
    }

  private:
    static std::size_t send(Wire& wire, const char* bytes, std::size_t size) {
        const auto sent = ::send(wire.descriptor, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) return static_cast<std::size_t>(sent);
        if (errno != EAGAIN && errno != EINTR) wire.error = errno;
        return 0;
    }

    static int write(BIO* bio, const char* bytes, int size) {
        auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
        const auto all = static_cast<std::size_t>(size);
        const std::size_t sent = wire.unsent.empty() ? send(wire, bytes, all) : 0;
        if (wire.error != 0) return -1;
        wire.unsent.append(bytes + sent, all - sent);
        return size;
    }

    static int read(BIO* bio, char* room, int size) {
        auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        const auto received = ::recv(wire.descriptor, room, static_cast<std::size_t>(size), MSG_DONTWAIT);
        if (received > 0) return static_cast<int>(received);
        if (received == 0) {
            wire.ended = true;
            return 0;
        }
        if (errno == EAGAIN || errno == EINTR) {
            BIO_set_retry_read(bio);
        } else {
            wire.error = errno;
        }
        return -1;
    }

    static long control(BIO* bio, int command, long, void*) {
        if (command == BIO_CTRL_EOF) return static_cast<Wire*>(BIO_get_data(bio))->ended ? 1 : 0;
        return command == BIO_CTRL_FLUSH ? 1 : 0;
    }

    struct FreeMethod {
        void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
    };

    static const BIO_METHOD* method() {
        static const std::unique_ptr<BIO_METHOD, FreeMethod> made = [] {
            std::unique_ptr<BIO_METHOD, FreeMethod> it(
                BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "descriptor"));
            if (!it) throw std::bad_alloc();
            BIO_meth_set_write(it.get(), write);
            BIO_meth_set_read(it.get(), read);
            BIO_meth_set_ctrl(it.get(), control);
            return it;
        }();
        return made.get();
    }
};

void Session::Free::operator()(ssl_st* ssl) const {
    SSL_free(ssl);
}

Session::Session(ssl_st* ssl) : ssl_(ssl) {
    BIO* const bio = Bio::make(wire_);
    SSL_set_bio(ssl, bio, bio);
}

Session::~Session() = default;

Progress Session::handshake(int descriptor) {
    if (const auto flushed = flush(descriptor); flushed.needs != Progress::Needs::Nothing || flushed.error) {
        return flushed;
    }
    ERR_clear_error();
    if (const int result = SSL_do_handshake(ssl_.get()); result != 1) return outcome(result);
    return {.needs = has_unsent() ? Progress::Needs::Writable : Progress::Needs::Nothing};
}

Progress Session::read(int descriptor, asio::mutable_buffer room) {
    if (room.size() == 0) return {};
    if (const auto flushed = flush(descriptor); flushed.error) return flushed;
    if (wire_.unsent.size() - wire_.sent > kMostUnsent) return {.error = asio::error::no_buffer_space};
    std::size_t size = 0;
    ERR_clear_error();
    if (const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &size); result != 1) {
        return outcome(result);
    }
    return {.bytes = size};
}

bool Session::has_unread() const {
    return SSL_pending(ssl_.get()) > 0;
}

Progress Session::write(int descriptor, std::span<const asio::const_buffer> buffers) {
    if (const auto flushed = flush(descriptor); flushed.needs != Progress::Needs::Nothing || flushed.error) {
        return flushed;
    }
    Pieces pieces(buffers);
    Progress progress;
    while (!has_unsent()) {
        const auto piece = pieces.next();
        if (piece.empty()) return progress;
        std::size_t size = 0;
        ERR_clear_error();
        const int result = SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &size);
        // What was taken before is reported first; a session that failed fails again.
        if (result != 1) return progress.bytes > 0 ? progress : outcome(result);
        progress.bytes += size;
    }
    progress.needs = Progress::Needs::Writable;
    return progress;
}

Progress Session::flush(int descriptor) {
    wire_.descriptor = descriptor;
    wire_.error = 0;
    if (!has_unsent()) return {};
    Bio::flush(wire_);
    if (wire_.error != 0) return {.error = system_error(wire_.error)};
    return {.needs = has_unsent() ? Progress::Needs::Writable : Progress::Needs::Nothing};
}

Progress Session::close(int descriptor) {
    if (const auto flushed = flush(descriptor); flushed.error) return flushed;
    const bool said = (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0;
    if (!said && SSL_is_init_finished(ssl_.get()) == 1) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());  // the peer's own close_notify is not waited for
    }
    if (wire_.error != 0) return {.error = system_error(wire_.error)};
    return {.needs = has_unsent() ? Progress::Needs::Writable : Progress::Needs::Nothing};
}

Progress Session::outcome(int result) const {
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return {.needs = has_unsent() ? Progress::Needs::Writable : Progress::Needs::Readable};
        case SSL_ERROR_ZERO_RETURN:
            return {.error = asio::error::eof};
        case SSL_ERROR_SSL: {
            const error_code error(static_cast<int>(ERR_peek_error()), asio::error::get_ssl_category());
            if (reason_is(error, SSL_R_UNEXPECTED_EOF_WHILE_READING)) break;
            return {.error = error};
        }
        default:
            if (wire_.error != 0) return {.error = system_error(wire_.error)};
    }
    return {.error = asio::ssl::error::stream_truncated};
}

std::string Session::explain(const error_code& error) const {
    const long verified = SSL_get_verify_result(ssl_.get());
    if (verified == X509_V_ERR_HOSTNAME_MISMATCH)
        return "its certificate is not accepted: host name mismatch";
    if (verified != X509_V_OK) {
        return fmt::format("its certificate is not accepted: {}", X509_verify_cert_error_string(verified));
    }
    if (reason_is(error, SSL_R_WRONG_VERSION_NUMBER)) return "the port does not speak TLS";
    if (error == asio::ssl::error::stream_truncated) return "the connection was ended in the TLS handshake";
    return error.message();
}

bool is_plain_http(const error_code& error) {
    return reason_is(error, SSL_R_HTTP_REQUEST) || reason_is(error, SSL_R_HTTPS_PROXY_REQUEST);
}

}  // namespace tls
