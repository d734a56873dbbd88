#include "admin/reply.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <string>
#include <thread>

namespace admin {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Take = std::function<void(std::string)>;

asio::awaitable<void> wait_into(std::shared_ptr<WayBack> way_back, std::function<void(Take)> ask,
                                std::chrono::milliseconds patience,
                                std::optional<std::optional<std::string>>& result) {
    auto reply = reply_of<std::string>(std::move(way_back), std::move(ask), patience);
    result = co_await std::move(reply);
}

class ReplyTest : public testing::Test {
  protected:
    void wait(std::function<void(Take)> ask, std::chrono::milliseconds patience) {
        asio::co_spawn(*context_, wait_into(way_back_, std::move(ask), patience, result_), asio::detached);
    }

    std::unique_ptr<asio::io_context> context_ = std::make_unique<asio::io_context>(1);
    std::shared_ptr<WayBack> way_back_ = std::make_shared<WayBack>(*context_);
    std::optional<std::optional<std::string>> result_;  ///< once the coroutine has ended
};

TEST_F(ReplyTest, ComesFromAnotherThread) {
    std::thread other;
    wait([&other](Take take) { other = std::thread([take] { take("yes"); }); }, 20s);
    context_->run();
    other.join();
    EXPECT_EQ(result_, std::optional<std::string>("yes"));
}

TEST_F(ReplyTest, MayComeBeforeTheAskingReturns) {
    wait([](const Take& take) { take("at once"); }, 20s);
    context_->run();
    EXPECT_EQ(result_, std::optional<std::string>("at once"));
}

TEST_F(ReplyTest, IsNotWaitedForForEverAndMayComeLate) {
    Take late;
    wait([&late](Take take) { late = std::move(take); }, 10ms);
    context_->run();
    ASSERT_TRUE(result_);
    EXPECT_FALSE(*result_);
    late("too late");
    context_->restart();
    context_->run();
    EXPECT_FALSE(*result_);
}

TEST_F(ReplyTest, MayComeAfterTheEndOfEverything) {
    Take late;
    wait([&late](Take take) { late = std::move(take); }, 20s);
    context_->poll();
    ASSERT_TRUE(late);
    way_back_->close();
    context_.reset();
    way_back_.reset();
    late("nobody is there");
    EXPECT_FALSE(result_);
}

}  // namespace
}  // namespace admin
