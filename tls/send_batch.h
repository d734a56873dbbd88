#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "tls/socket.h"

struct io_uring;

namespace tls {

/// Sends to many sockets by one system call, by io_uring (io_uring(7)): a call for each costs a fifth more.
/// Nothing is under way between the calls: send() returns when each socket has taken what it could. One
/// thread, the one that opened it.
class SendBatch {
  public:
    static constexpr std::size_t kMost = 128;      ///< sends at a time
    static constexpr std::size_t kMostParts = 32;  ///< of one of them

    /// What came of one, as of Socket::write_some().
    struct Outcome {
        std::size_t bytes = 0;
        boost::system::error_code error;
    };

    /// Null: the kernel is older than Linux 6.1, or forbids io_uring, as in many containers.
    [[nodiscard]] static std::unique_ptr<SendBatch> open();
    ~SendBatch();
    SendBatch(const SendBatch&) = delete;
    SendBatch& operator=(const SendBatch&) = delete;

    [[nodiscard]] bool full() const { return size_ == kMost; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

    /// The socket has no session; of buffers there are kMostParts at most, and they stay until send().
    void add(Socket& socket, std::span<const boost::asio::const_buffer> buffers);

    /// Sends all that was added, and is empty again. The outcomes are in the order of adding, valid until the
    /// next call. Should the kernel refuse the whole, those that it did not take are would_block, and
    /// usable() is false.
    [[nodiscard]] std::span<const Outcome> send();
    [[nodiscard]] bool usable() const { return ring_ != nullptr; }

  private:
    struct Message;
    struct Close {
        void operator()(io_uring* ring) const;
    };
    using Ring = std::unique_ptr<io_uring, Close>;

    explicit SendBatch(Ring ring);
    void prepare(std::size_t index);
    void send_alone(std::size_t index);
    void note(std::size_t index, std::int64_t result);
    [[nodiscard]] std::size_t reap();

    Ring ring_;
    std::unique_ptr<std::array<Message, kMost>> messages_;
    std::array<Outcome, kMost> outcomes_{};
    std::size_t size_ = 0;
};

}  // namespace tls
