#include "stream/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>

#include "support/memory_log.h"
#include "support/process.h"
#include "unit/stream/running_streams.h"

namespace stream {
namespace {

using base::EventId;
using base::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

base::Event block(std::uint64_t number) {
    return event(Kind::BlockAdded, number);
}

/// A publisher over a log in memory, and what it hands on.
class PublisherTest : public testing::Test {
  protected:
    void start() {
        publisher_ = std::make_unique<Publisher>(
            log_, queue_, log_.range().next,
            [this](const PublicationPtr& publication) { take(*publication); },
            [this](const base::Error&) { ++failures_; }, base::make_null_log(), metrics_);
        publisher_->start();
    }
    void feed(base::EventBatch events) {
        base::Batch batch;
        batch.events = std::move(events);
        queue_.push(std::move(batch), 1);
    }
    [[nodiscard]] std::vector<EventId> ids() const {
        const std::lock_guard lock(mutex_);
        return ids_;
    }
    [[nodiscard]] bool await(const std::vector<EventId>& wanted) const {
        return support::eventually([&] { return ids() == wanted; });
    }

    support::MemoryLog log_;
    base::Metrics metrics_;
    base::EventQueue queue_{1 << 20};
    std::atomic<int> failures_ = 0;
    std::unique_ptr<Publisher> publisher_;

  private:
    void take(const Publication& publication) {
        const std::lock_guard lock(mutex_);
        for (const auto& frame : publication.frames) ids_.push_back(frame->id());
    }
    mutable std::mutex mutex_;
    std::vector<EventId> ids_;
};

TEST_F(PublisherTest, WhatOthersAppendedIsHandedOnWhenTheLogTells) {
    start();
    log_.append_elsewhere({block(1), block(2)});
    EXPECT_THAT(ids(), IsEmpty());
    log_.learn();
    EXPECT_TRUE(await({1, 2}));
    feed({block(3)});
    EXPECT_TRUE(await({1, 2, 3}));
}

TEST_F(PublisherTest, WhatOthersAppendedGoesBeforeTheOwnBatch) {
    start();
    feed({block(1)});
    ASSERT_TRUE(await({1}));
    log_.append_elsewhere({block(2), block(3)});
    feed({block(4)});
    EXPECT_TRUE(await({1, 2, 3, 4}));
}

TEST_F(PublisherTest, ADuplicateTellsOfWhatOthersAppended) {
    start();
    log_.append_elsewhere({block(1), block(2)});
    feed({block(2)});
    EXPECT_TRUE(await({1, 2}));
}

TEST_F(PublisherTest, ManyEventsOfOthersComeInOrder) {
    start();
    std::vector<EventId> wanted;
    for (EventId i = 1; i <= 250; ++i) {
        log_.append_elsewhere({block(i)});
        wanted.push_back(i);
        if (i % 50 == 0) log_.learn();
    }
    EXPECT_TRUE(await(wanted));
}

TEST_F(PublisherTest, OwnEventsOfOthersAreNotHandedOn) {
    start();
    auto shutdown = event(Kind::Shutdown, 1);
    shutdown.filter = base::Filter::Sidecar;
    log_.append_elsewhere({shutdown}, true);
    log_.append_elsewhere({block(2)});
    log_.learn();
    EXPECT_TRUE(await({2}));
    feed({block(3)});
    EXPECT_TRUE(await({2, 3}));
}

TEST_F(PublisherTest, ABatchWhoseAnswerWasLostIsHandedOnOnce) {
    start();
    feed({block(1)});
    ASSERT_TRUE(await({1}));
    log_.lose_next_answer = true;
    feed({block(2), version(6), block(3)});
    EXPECT_TRUE(await({1, 2, 3}));
    feed({block(4)});
    EXPECT_TRUE(await({1, 2, 3, 4}));
}

TEST_F(PublisherTest, WhileOthersEventsCannotBeReadTheOwnWait) {
    start();
    log_.append_elsewhere({block(1)});
    log_.reads_fail = true;
    const auto reads = log_.reads.load();
    feed({block(2)});
    ASSERT_TRUE(support::eventually([&] { return log_.reads >= reads + 2; }));
    EXPECT_THAT(ids(), IsEmpty());
    log_.reads_fail = false;
    EXPECT_TRUE(await({1, 2}));
    EXPECT_EQ(failures_, 0);
}

TEST_F(PublisherTest, AStopWhileOthersEventsCannotBeReadEnds) {
    start();
    log_.append_elsewhere({block(1)});
    log_.reads_fail = true;
    feed({block(2)});
    publisher_->stop();
    EXPECT_THAT(ids(), IsEmpty());
}

TEST_F(PublisherTest, ItTurnsWhenItIsWoken) {
    start();
    const auto turns_after = [&](auto time) {
        return support::eventually([&] { return publisher_->last_turn() > time; });
    };
    ASSERT_TRUE(turns_after(std::chrono::steady_clock::time_point()));
    for (int i = 0; i < 3; ++i) {
        const auto asked = std::chrono::steady_clock::now();
        queue_.wake();
        EXPECT_TRUE(turns_after(asked));
    }
}

TEST_F(PublisherTest, ItTurnsWhileTheLogCannotBeWritten) {
    log_.appends_fail = true;
    start();
    feed({block(1)});
    ASSERT_TRUE(support::eventually([&] { return publisher_->outage().has_value(); }));
    for (int i = 0; i < 3; ++i) {
        const auto asked = std::chrono::steady_clock::now();
        EXPECT_TRUE(support::eventually([&] { return publisher_->last_turn() > asked; }));
    }
}

TEST_F(PublisherTest, AtTheEndItIsNotWatchedAnyMore) {
    start();
    EXPECT_TRUE(log_.is_watched());
    log_.append_elsewhere({block(1)});
    publisher_->stop();
    EXPECT_FALSE(log_.is_watched());
    log_.learn();
    EXPECT_THAT(ids(), IsEmpty());
}

}  // namespace
}  // namespace stream
