// Sends by io_uring, where the kernel lets us.

#include "tls/send_batch.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace tls {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

struct Pair {
    Socket near;
    tcp::socket far;
};

class SendBatchTest : public ::testing::Test {
  protected:
    void SetUp() override {
        batch_ = SendBatch::open();
        if (!batch_) GTEST_SKIP() << "this kernel has no io_uring, or does not let us use it";
    }
    Pair connect() {
        tcp::socket far(context_);
        far.connect(acceptor_.local_endpoint());
        Pair pair{Socket(acceptor_.accept()), std::move(far)};
        pair.near.tcp().non_blocking(true);
        pair.near.tcp().set_option(asio::socket_base::send_buffer_size(1 << 16));  // and it stays so
        return pair;
    }
    void add(Socket& socket, const std::string& text) {
        const std::array buffers{asio::const_buffer(text.data(), text.size())};
        batch_->add(socket, buffers);
    }
    /// As if the kernel took no more of it.
    static void break_ring() {
        for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
            std::error_code gone;
            if (std::filesystem::read_symlink(entry, gone) != "anon_inode:[io_uring]") continue;
            const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
            ASSERT_GE(::dup2(nothing, std::stoi(entry.path().filename())), 0);
            ::close(nothing);
        }
    }
    static std::string receive(tcp::socket& socket, std::size_t size) {
        std::string text(size, ' ');
        asio::read(socket, asio::buffer(text));
        return text;
    }
    /// Until it takes no more.
    static void fill(Socket& socket) {
        const std::string much(1 << 20, 'x');
        boost::system::error_code error;
        const std::array buffers{asio::const_buffer(much.data(), much.size())};
        while (!error) socket.write_some(buffers, error);
        ASSERT_EQ(error, asio::error::would_block);
    }

    asio::io_context context_;
    tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
    std::unique_ptr<SendBatch> batch_;
};

TEST_F(SendBatchTest, EachSocketGetsItsOwn) {
    std::vector<Pair> pairs;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < SendBatch::kMost; ++i) {
        pairs.push_back(connect());
        texts.push_back(fmt::format("for number {:03}", i));
    }
    for (int round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i < pairs.size(); ++i) add(pairs[i].near, texts[i]);
        EXPECT_TRUE(batch_->full());
        const auto outcomes = batch_->send();
        EXPECT_TRUE(batch_->empty());
        ASSERT_EQ(outcomes.size(), pairs.size());
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            EXPECT_FALSE(outcomes[i].error) << outcomes[i].error.message();
            EXPECT_EQ(outcomes[i].bytes, texts[i].size());
            EXPECT_EQ(receive(pairs[i].far, texts[i].size()), texts[i]);
        }
    }
}

TEST_F(SendBatchTest, TheTextOfOneMayBeInParts) {
    auto pair = connect();
    std::string whole;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < SendBatch::kMostParts; ++i) {
        texts.push_back(fmt::format("part {},", i));
        whole += texts.back();
    }
    std::vector<asio::const_buffer> buffers;
    for (const auto& text : texts) buffers.push_back(asio::buffer(text));
    batch_->add(pair.near, buffers);
    EXPECT_EQ(batch_->send().front().bytes, whole.size());
    EXPECT_EQ(receive(pair.far, whole.size()), whole);
}

TEST_F(SendBatchTest, WhatTheKernelRefusesIsToBeSentAgain) {
    std::vector<Pair> pairs;
    for (int i = 0; i < 5; ++i) pairs.push_back(connect());
    const std::string text = "hello";
    for (auto& pair : pairs) add(pair.near, text);
    break_ring();
    const auto outcomes = batch_->send();
    EXPECT_FALSE(batch_->usable());
    ASSERT_EQ(outcomes.size(), pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        EXPECT_EQ(outcomes[i].error, asio::error::would_block);
        EXPECT_EQ(pairs[i].far.available(), 0U);
    }
}

TEST_F(SendBatchTest, AFullSocketAndABrokenOneHoldUpNobody) {
    auto full = connect();
    auto broken = connect();
    auto sound = connect();
    auto another = connect();
    fill(full.near);
    broken.near.tcp().shutdown(tcp::socket::shutdown_send);
    const std::string text = "hello";
    for (auto* pair : {&full, &broken, &sound, &another}) add(pair->near, text);
    const auto outcomes = batch_->send();
    ASSERT_EQ(outcomes.size(), 4U);
    EXPECT_EQ(outcomes[0].error, asio::error::would_block);
    EXPECT_EQ(outcomes[0].bytes, 0U);
    EXPECT_EQ(outcomes[1].error, asio::error::broken_pipe);
    EXPECT_FALSE(outcomes[2].error);
    EXPECT_EQ(receive(sound.far, text.size()), text);
    EXPECT_EQ(receive(another.far, text.size()), text);
    EXPECT_TRUE(batch_->usable());
}

/// One alone, and some together: these go another way.
TEST_F(SendBatchTest, WhatIsTakenInPartIsTold) {
    const std::string much(std::size_t{64} << 20, 'x');
    for (const std::size_t count : {1, 5}) {
        std::vector<Pair> pairs;
        for (std::size_t i = 0; i < count; ++i) pairs.push_back(connect());
        for (auto& pair : pairs) add(pair.near, much);
        const auto outcomes = batch_->send();
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_FALSE(outcomes[i].error);
            EXPECT_GT(outcomes[i].bytes, 0U);
            EXPECT_LT(outcomes[i].bytes, much.size());
            EXPECT_EQ(receive(pairs[i].far, outcomes[i].bytes), much.substr(0, outcomes[i].bytes));
        }
    }
}

}  // namespace
}  // namespace tls
