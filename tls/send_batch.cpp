#include "tls/send_batch.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <liburing.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

namespace tls {

using boost::system::error_code;

namespace {

// With MSG_DONTWAIT a full socket is an outcome; otherwise the kernel would wait for it and send later.
constexpr std::size_t kLeastForRing = 4;  // fewer cost less alone

error_code error_of(int code) {
    return {code, boost::system::system_category()};
}

}  // namespace

struct SendBatch::Message {
    int descriptor = -1;
    std::array<iovec, kMostParts> parts{};
    msghdr header{};
};

void SendBatch::Close::operator()(io_uring* ring) const {
    ::io_uring_queue_exit(ring);
    delete ring;
}

std::unique_ptr<SendBatch> SendBatch::open() {
    auto made = std::make_unique<io_uring>();
    // What spares the kernel precautions; who knows these flags, from Linux 6.1 on, has all that is used
    // here.
    constexpr unsigned kFlags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    if (::io_uring_queue_init(kMost, made.get(), kFlags) != 0) return nullptr;
    return std::unique_ptr<SendBatch>(new SendBatch(Ring(made.release())));
}

SendBatch::SendBatch(Ring ring)
    : ring_(std::move(ring)), messages_(std::make_unique<std::array<Message, kMost>>()) {}

SendBatch::~SendBatch() = default;

void SendBatch::add(Socket& socket, std::span<const boost::asio::const_buffer> buffers) {
    assert(!socket.encrypted() && !full() && buffers.size() <= kMostParts);
    auto& message = (*messages_)[size_++];
    message.descriptor = socket.tcp().native_handle();
    for (std::size_t i = 0; i < buffers.size(); ++i)
        message.parts[i] = {.iov_base = const_cast<void*>(buffers[i].data()), .iov_len = buffers[i].size()};
    message.header.msg_iov = message.parts.data();
    message.header.msg_iovlen = buffers.size();
}

void SendBatch::prepare(std::size_t index) {
    auto& message = (*messages_)[index];
    auto* const entry = ::io_uring_get_sqe(ring_.get());
    if (message.header.msg_iovlen == 1) {
        const auto& part = message.parts.front();
        ::io_uring_prep_send(entry, message.descriptor, part.iov_base, part.iov_len, kSendFlags);
    } else {
        ::io_uring_prep_sendmsg(entry, message.descriptor, &message.header, kSendFlags);
    }
    ::io_uring_sqe_set_data64(entry, index);
}

std::span<const SendBatch::Outcome> SendBatch::send() {
    const auto size = std::exchange(size_, 0);
    std::fill_n(outcomes_.begin(), size, Outcome{.error = error_of(EWOULDBLOCK)});
    if (!usable()) return std::span(outcomes_).first(size);
    if (size < kLeastForRing) {
        for (std::size_t i = 0; i < size; ++i) send_alone(i);
        return std::span(outcomes_).first(size);
    }
    for (std::size_t i = 0; i < size; ++i) prepare(i);
    for (std::size_t done = 0; done < size;) {
        const int taken = ::io_uring_submit_and_wait(ring_.get(), static_cast<unsigned>(size - done));
        done += reap();
        if (taken >= 0 || taken == -EINTR) continue;
        ring_.reset();  // with what it did not take, which must not go out behind the caller's back
        break;
    }
    return std::span(outcomes_).first(size);
}

void SendBatch::send_alone(std::size_t index) {
    const auto& message = (*messages_)[index];
    const auto sent = ::sendmsg(message.descriptor, &message.header, kSendFlags);
    note(index, sent < 0 ? -errno : sent);
}

/// `result`: the bytes sent, or the error's number below zero.
void SendBatch::note(std::size_t index, std::int64_t result) {
    const bool interrupted = result == -EINTR;  // nothing was sent, and it can be tried again
    outcomes_[index] = {
        .bytes = static_cast<std::size_t>(std::max<std::int64_t>(0, result)),
        .error = error_of(interrupted ? EWOULDBLOCK : static_cast<int>(std::max<std::int64_t>(0, -result)))};
}

/// How many are done.
std::size_t SendBatch::reap() {
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* entry = nullptr;
    io_uring_for_each_cqe(ring_.get(), head, entry) {
        note(::io_uring_cqe_get_data64(entry), entry->res);
        ++count;
    }
    ::io_uring_cq_advance(ring_.get(), count);
    return count;
}

}  // namespace tls
